#include "launcher/pmi1/server.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "launcher/pmi1/process_mapping.h"
#include "lib/base/check.h"
#include "lib/base/text.h"

namespace pmi1 {

namespace {

// What clients are told; they make their buffers by these numbers.
constexpr std::size_t longest_name = 256;
constexpr std::size_t longest_key = 64;
constexpr std::size_t longest_value = 1024;

// With its end and the zero that clients add: those of MPICH 4.0 read no longer lines.
constexpr std::size_t longest_reply = 1024;

/// Of one node between two barriers. All nodes' together must fit into a frame.
constexpr std::size_t most_put_bytes = std::size_t{16} << 20;

const std::string found_value = "cmd=get_result rc=0 msg=success value=";

std::string not_found(const std::string& key) {
  return "cmd=get_result rc=-1 msg=key_" + key + "_not_found value=unknown";
}

std::string put_failed(const std::string& why) {
  return "cmd=put_result rc=-1 msg=" + why;
}

std::string_view first_line_of(std::string_view& lines) {
  const auto end = std::min(lines.find('\n'), lines.size());
  const auto line = lines.substr(0, end);
  lines.remove_prefix(std::min(end + 1, lines.size()));
  return line;
}

}  // namespace

Server::Server(Setup setup) : setup_(std::move(setup)) {
  base::check(setup_.node < setup_.ranks_of_nodes.size(), "this node is one of the step");
  for (const auto& ranks : setup_.ranks_of_nodes) n_ranks_ += static_cast<int>(ranks.size());
  clients_.resize(own_ranks().size());
  // A step of very uneven nodes has a mapping that no client could read; without it clients compare
  // the names of their hosts.
  auto mapping = process_mapping(setup_.ranks_of_nodes);
  if (found_value.size() + mapping.size() + 2 > longest_reply) return;
  values_.emplace("PMI_process_mapping", std::move(mapping));
}

std::vector<Output> Server::take_outputs() {
  return std::exchange(outputs_, {});
}

Server::Client& Server::client(int rank) {
  const auto at = std::ranges::lower_bound(own_ranks(), rank);
  return clients_.at(static_cast<std::size_t>(at - own_ranks().begin()));
}

void Server::reply(int rank, std::string line) {
  outputs_.push_back(Reply{rank, std::move(line) + '\n'});
}

void Server::refuse(int rank, std::string why) {
  client(rank).phase = Phase::deaf;
  outputs_.push_back(Refused{rank, std::move(why)});
}

void Server::receive(int rank, std::string_view bytes) {
  Client& from = client(rank);
  from.reader.feed(bytes);
  while (from.phase != Phase::deaf) {
    auto text = from.reader.next();
    if (!text) return refuse(rank, std::move(text).error().text);
    if (!*text) return;
    if ((*text)->empty()) continue;
    const auto line = Line::parse(**text);
    if (!line) return refuse(rank, line.error().text);
    handle(rank, *line);
  }
}

const std::vector<Server::Command>& Server::commands() {
  static const std::vector<Command> table{{"init", &Server::init},
                                          {"get_maxes", &Server::get_maxes},
                                          {"get_appnum", &Server::get_appnum},
                                          {"get_my_kvsname", &Server::get_my_kvsname},
                                          {"get_universe_size", &Server::get_universe_size},
                                          {"put", &Server::put},
                                          {"get", &Server::get},
                                          {"barrier_in", &Server::enter_barrier},
                                          {"finalize", &Server::finalize},
                                          {"abort", &Server::abort},
                                          {"spawn", &Server::spawn},
                                          {"publish_name", &Server::publish},
                                          {"unpublish_name", &Server::unpublish},
                                          {"lookup_name", &Server::look_up}};
  return table;
}

/// A rank may abort at any time; anything else comes between init and finalize, and in its turn.
void Server::handle(int rank, const Line& line) {
  const auto& table = commands();
  const auto command = std::find_if(table.begin(), table.end(), [&line](const Command& candidate) {
    return candidate.name == line.command();
  });
  const std::string quoted = "'" + base::printable(line.command()) + "'";
  if (command == table.end()) {
    return refuse(rank, "PMI-1 has no command " + quoted + " that Muster knows");
  }
  const Phase phase = client(rank).phase;
  if (line.command() != "abort") {
    if (phase == Phase::in_barrier || phase == Phase::asking) {
      return refuse(rank, quoted + " of PMI-1 came while the answer to another command was due");
    }
    if (phase == Phase::outside && line.command() != "init") {
      return refuse(rank, quoted + " of PMI-1 came before 'init'");
    }
  }
  (this->*command->handler)(rank, line);
}

const std::string* Server::need(int rank, const Line& line, std::string_view key) {
  const auto* value = line.find(key);
  if (value == nullptr) {
    refuse(rank,
           "'" + base::printable(line.command()) + "' of PMI-1 has no '" + std::string(key) + "='");
  }
  return value;
}

/// A second init, after finalize or without it, is that of another program that the rank started.
void Server::init(int rank, const Line& line) {
  const auto* version = need(rank, line, "pmi_version");
  if (version == nullptr) return;
  const bool is_ours = *version == "1";
  reply(rank, std::string("cmd=response_to_init pmi_version=1 pmi_subversion=1 rc=") +
                  (is_ours ? "0" : "-1"));
  if (!is_ours) return;
  client(rank).phase = Phase::inside;
  outputs_.push_back(Connected{rank});
}

void Server::get_maxes(int rank, const Line&) {
  reply(rank, "cmd=maxes kvsname_max=" + std::to_string(longest_name) + " keylen_max=" +
                  std::to_string(longest_key) + " vallen_max=" + std::to_string(longest_value));
}

void Server::get_appnum(int rank, const Line&) {
  reply(rank, "cmd=appnum appnum=0");
}

void Server::get_my_kvsname(int rank, const Line&) {
  reply(rank, "cmd=my_kvsname kvsname=" + setup_.kvs_name);
}

/// Nothing can be spawned: the step is all there is.
void Server::get_universe_size(int rank, const Line&) {
  reply(rank, "cmd=universe_size size=" + std::to_string(n_ranks_));
}

void Server::put(int rank, const Line& line) {
  const auto* name = need(rank, line, "kvsname");
  const auto* key = name == nullptr ? nullptr : need(rank, line, "key");
  const auto* value = key == nullptr ? nullptr : need(rank, line, "value");
  if (value == nullptr) return;
  if (*name != setup_.kvs_name) return reply(rank, put_failed("kvsname_unknown"));
  if (key->empty() || key->size() > longest_key) return reply(rank, put_failed("bad_key_length"));
  if (value->size() > longest_value) return reply(rank, put_failed("value_too_long"));
  const std::size_t more = key->size() + value->size() + 2;
  if (puts_.size() + more > most_put_bytes) return reply(rank, put_failed("too_many_values"));
  puts_ += *key + "=" + *value + "\n";
  reply(rank, "cmd=put_result rc=0 msg=success");
}

void Server::get(int rank, const Line& line) {
  const auto* name = need(rank, line, "kvsname");
  const auto* key = name == nullptr ? nullptr : need(rank, line, "key");
  if (key == nullptr) return;
  const auto found = *name == setup_.kvs_name ? values_.find(*key) : values_.end();
  reply(rank, found == values_.end() ? not_found(*key) : found_value + found->second);
}

void Server::enter_barrier(int rank, const Line&) {
  client(rank).phase = Phase::in_barrier;
  ++n_in_barrier_;
  if (n_in_barrier_ == clients_.size()) {
    outputs_.push_back(ToHead{model::Fence{.ranks = {},
                                           .number = n_barriers_++,
                                           .data = std::exchange(puts_, {}),
                                           .protocol = model::FenceProtocol::pmi1}});
  }
  check_barrier();
}

void Server::take(const model::Fence& fence) {
  const bool is_due = n_in_barrier_ == clients_.size() && fence.number + 1 == n_barriers_;
  if (!is_due) return;
  for (std::string_view lines = fence.data; !lines.empty();) {
    const auto line = first_line_of(lines);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    values_.insert_or_assign(std::string(line.substr(0, equals)),
                             std::string(line.substr(equals + 1)));
  }
  n_in_barrier_ = 0;
  for (std::size_t place = 0; place < clients_.size(); ++place) {
    if (clients_[place].phase != Phase::in_barrier) continue;
    clients_[place].phase = Phase::inside;
    reply(own_ranks()[place], "cmd=barrier_out");
  }
}

void Server::finalize(int rank, const Line&) {
  client(rank).phase = Phase::outside;
  client(rank).has_finalized = true;
  reply(rank, "cmd=finalize_ack");
  outputs_.push_back(Finalized{rank});
}

void Server::abort(int rank, const Line& line) {
  const auto* text = line.find("exitcode");
  const auto code = text == nullptr ? std::nullopt : base::parse_int(*text, INT32_MIN, INT32_MAX);
  client(rank).phase = Phase::deaf;
  outputs_.push_back(Aborted{rank, static_cast<int>(code.value_or(1))});
}

void Server::spawn(int rank, const Line&) {
  refuse(rank,
         "it called MPI_Comm_spawn, which Muster does not support: start all ranks with 'muster "
         "run -n'");
}

void Server::publish(int rank, const Line& line) {
  const auto* service = need(rank, line, "service");
  const auto* port = service == nullptr ? nullptr : need(rank, line, "port");
  if (port == nullptr) return;
  ask({.rank = rank, .action = model::NameAction::publish, .service = *service, .port = *port});
}

void Server::unpublish(int rank, const Line& line) {
  const auto* service = need(rank, line, "service");
  if (service == nullptr) return;
  ask({.rank = rank, .action = model::NameAction::unpublish, .service = *service, .port = {}});
}

void Server::look_up(int rank, const Line& line) {
  const auto* service = need(rank, line, "service");
  if (service == nullptr) return;
  ask({.rank = rank, .action = model::NameAction::look_up, .service = *service, .port = {}});
}

void Server::ask(model::NameRequest request) {
  client(request.rank).phase = Phase::asking;
  client(request.rank).asked = request.action;
  outputs_.push_back(ToHead{std::move(request)});
}

void Server::take(const model::NameReply& answer) {
  Client& to = client(answer.rank);
  if (to.phase != Phase::asking) return;
  to.phase = Phase::inside;
  const auto say = [&](const std::string& what, const std::string& trouble) {
    reply(answer.rank, "cmd=" + what +
                           (answer.is_done ? " info=ok rc=0 msg=success"
                                           : " info=" + trouble + " rc=1 msg=" + trouble));
  };
  switch (to.asked) {
    case model::NameAction::publish:
      return say("publish_result", "key_already_present");
    case model::NameAction::unpublish:
      return say("unpublish_result", "service_not_found");
    case model::NameAction::look_up:
      return say("lookup_result" + (answer.is_done ? " port=" + answer.port : std::string()),
                 "service_not_found");
  }
}

void Server::closed(int rank) {
  client(rank).is_gone = true;
  check_barrier();
}

/// A rank that has finalized and gone enters no more barriers: whoever waits there waits for ever.
/// One that goes otherwise is judged by its end.
void Server::check_barrier() {
  const auto gone = std::find_if(clients_.begin(), clients_.end(), [](const Client& each) {
    return each.is_gone && each.has_finalized && each.phase == Phase::outside;
  });
  const auto waiting = std::find_if(clients_.begin(), clients_.end(), [](const Client& each) {
    return each.phase == Phase::in_barrier;
  });
  if (gone == clients_.end() || waiting == clients_.end()) return;
  const auto rank_of = [this](auto client) {
    return own_ranks()[static_cast<std::size_t>(client - clients_.begin())];
  };
  refuse(rank_of(waiting), "it waits in a barrier of PMI-1 that rank " +
                               std::to_string(rank_of(gone)) + " has left for good");
}

}  // namespace pmi1
