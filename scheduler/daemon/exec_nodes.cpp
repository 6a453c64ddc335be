#include "scheduler/daemon/exec_nodes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <utility>

#include "lib/base/text.h"
#include "lib/loop/loop.h"
#include "lib/wire/provider.h"

namespace musterd {

namespace {

using namespace std::chrono_literals;
using Kind = model::ProviderAnswer::Kind;

constexpr std::size_t most_calls_of_verb = 4;  // of a verb at a time
constexpr std::size_t most_names = 32;         // of a call: programs do a few at a time
constexpr int most_tries = 3;                  // to end all, when the cluster ends
constexpr int no_watch = 64;                   // exit status of a program that has none
constexpr base::Duration first_pause = 1s;
constexpr base::Duration longest_pause = 5min;

std::string_view word_of(auto verb) {
  constexpr std::array<std::string_view, 5> words{"create", "destroy", "list", "watch", "destroy"};
  return words.at(static_cast<std::size_t>(verb));
}

base::Duration longer(base::Duration pause, base::Duration longest) {
  return std::min(std::max(2 * pause, base::Duration(first_pause)), longest);
}

}  // namespace

ExecNodes::ExecNodes(loop::Loop& loop, Settings settings, Doors doors, const loop::Log& log)
    : loop_(loop),
      settings_(std::move(settings)),
      doors_(std::move(doors)),
      log_(log),
      opened_at_(doors_.now()),
      list_timer_(loop, [this] { start_list(); }),
      watch_timer_(loop, [this] { start_watch(); }),
      self_(std::make_shared<ExecNodes*>(this)) {}

ExecNodes::~ExecNodes() = default;

void ExecNodes::create(const std::string& name, const std::string& birth) {
  if (is_stopping_) return;
  auto& node = nodes_[name];
  node.birth = birth;
  if (!settings_.makes_nodes && !node.is_there) {
    return doors_.say(scheduler::ProviderFailed{
        name, "muster.toml has its pool, or the program of that, no longer", false});
  }
  node.is_wanted = true;
  // Answered with what is under way, or made when the one before it is gone, whose agent was told
  // to go.
  if (node.doing != Doing::nothing || to_destroy_.contains(name)) return;
  if (node.is_there && !node.is_expelled) return doors_.say(scheduler::ProviderMade{name});
  // One whose agent may not come any more is ended first.
  (node.is_there ? to_destroy_ : to_create_).insert(name);
  ask_later();
}

void ExecNodes::destroy(const std::string& name) {
  auto& node = nodes_[name];
  node.is_wanted = false;
  node.is_expelled = true;
  doors_.expel(name);
  to_create_.erase(name);
  if (node.doing != Doing::nothing) return;  // ended when it is made, or is being ended
  to_destroy_.insert(name);
  ask_later();
}

void ExecNodes::list() {
  list_pause_ = {};
  start_list();
}

/// All that is asked for in one turn of the loop is asked together.
void ExecNodes::ask_later() {
  if (std::exchange(is_asking_, true)) return;
  loop_.defer([weak = std::weak_ptr(self_)] {
    if (const auto self = weak.lock()) (*self)->ask();
  });
}

void ExecNodes::ask() {
  is_asking_ = false;
  while (!to_create_.empty() && may_call(Verb::create)) start_create();
  while (!to_destroy_.empty() && may_call(Verb::destroy)) start_destroy();
  look_if_stopped();
}

bool ExecNodes::may_call(Verb verb) const {
  const auto n_calls = static_cast<std::size_t>(
      std::ranges::count_if(calls_, [verb](const auto& call) { return call.second.verb == verb; }));
  return n_calls + (verb == Verb::create ? n_invited_ : 0) < most_calls_of_verb;
}

void ExecNodes::note(Node& node, Doing doing) {
  node.doing = doing;
  node.changed_at = doors_.now();
}

std::vector<std::string> ExecNodes::take_names(std::set<std::string>& names, Doing doing) {
  std::vector<std::string> taken;
  while (!names.empty() && taken.size() < most_names) {
    taken.push_back(*names.begin());
    note(nodes_[taken.back()], doing);
    names.erase(names.begin());
  }
  return taken;
}

/// Of those that are to be ended, some that are at this site.
std::vector<std::string> ExecNodes::take_names_of_site(std::size_t site) {
  std::set<std::string> names;
  std::ranges::copy_if(to_destroy_, std::inserter(names, names.end()),
                       [&](const auto& name) { return nodes_[name].site == site; });
  auto taken = take_names(names, Doing::destroying);
  for (const auto& name : taken) to_destroy_.erase(name);
  return taken;
}

ExecNodes::Site ExecNodes::site_at(std::size_t site) const {
  if (site > 0) return settings_.earlier.at(site - 1);
  return {.program = settings_.program,
          .cluster = settings_.order.cluster,
          .options = settings_.order.options};
}

/// Is its program still asked what is there?
bool ExecNodes::is_asked(std::size_t site) const {
  return !left_.contains(site);
}

model::NodeReference ExecNodes::reference(const std::string& name, std::size_t site) const {
  const auto node = nodes_.find(name);
  auto at = site_at(site);
  return {.name = name,
          .cluster = std::move(at.cluster),
          .pool = settings_.order.pool,
          .id = node == nodes_.end() ? std::string() : node->second.id,
          .options = std::move(at.options)};
}

void ExecNodes::start_create() {
  auto names = take_names(to_create_, Doing::creating);
  for (const auto& name : names) nodes_[name].is_expelled = false;
  ++n_invited_;
  doors_.invite(names, [names, weak = std::weak_ptr(self_)](
                           const base::Result<std::vector<std::string>>& tokens) {
    const auto alive = weak.lock();
    if (!alive) return;
    auto& self = **alive;
    --self.n_invited_;
    if (self.is_stopping_) {
      for (const auto& name : names) self.note(self.nodes_[name], Doing::nothing);
      return self.ask_later();
    }
    if (!tokens) {
      for (const auto& name : names) self.node_not_made(name, tokens.error().text, false);
      return self.ask_later();
    }
    std::string input;
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto order = self.settings_.order;
      order.name = names[i];
      order.birth = self.nodes_[names[i]].birth;
      order.token = (*tokens)[i];
      input += wire::to_json(order) + "\n";
    }
    self.start(Verb::create, names, std::move(input), *tokens);
  });
}

void ExecNodes::start_destroy() {
  const auto site = nodes_[*to_destroy_.begin()].site;
  auto names = take_names_of_site(site);
  std::string input;
  for (const auto& name : names) input += wire::to_json(reference(name, site)) + "\n";
  start(Verb::destroy, std::move(names), std::move(input), {}, site);
}

void ExecNodes::start_list() {
  list_timer_.stop();
  if (list_) return;
  list_.emplace().asked_at = doors_.now();
  for (std::size_t site = 0; site < n_sites(); ++site) list_->n_open += is_asked(site) ? 1 : 0;
  if (list_->n_open == 0) {  // nothing of an earlier configuration is left
    const auto nothing = *std::exchange(list_, std::nullopt);
    if (is_stopping_) end_all(nothing);
    return ask_later();
  }
  for (std::size_t site = 0; site < n_sites(); ++site) {
    if (is_asked(site)) start(Verb::list, {}, wire::to_json(reference("", site)) + "\n", {}, site);
  }
}

void ExecNodes::start_watch() {
  if (has_watch_ && !is_stopping_ && settings_.makes_nodes) start(Verb::watch, {}, std::nullopt);
}

void ExecNodes::start(Verb verb, std::vector<std::string> names, std::optional<std::string> input,
                      std::vector<std::string> tokens, std::size_t site) {
  const CallId id = ++last_call_;
  auto& call = calls_[id];
  call.tokens = std::move(tokens);
  call.verb = verb;
  call.names = std::move(names);
  call.site = site;
  run(id, std::move(input));
}

void ExecNodes::run(CallId id, std::optional<std::string> input) {
  auto& call = calls_.at(id);
  const auto verb = call.verb;
  auto words = site_at(call.site).program;
  words.emplace_back(word_of(verb));
  const auto path = provider_program(words.front());
  base::Result<std::unique_ptr<ProgramCall>> program = std::unexpected(base::Error{});
  if (path) {
    words.front() = *path;
    program = ProgramCall::start(
        loop_,
        {.words = std::move(words),
         .input = std::move(input),
         .secrets = call.tokens,
         .limit = verb == Verb::watch ? base::Duration() : settings_.limit},
        {.said = [this, id](std::string_view line) { said(id, line); },
         .complained =
             [this, verb](std::string_view line) {
               log_.info("provider_says", {{"pool", settings_.order.pool},
                                           {"of", word_of(verb)},
                                           {"text", base::printable(line, 1000)}});
             },

         .ended = [this, id](const ProgramCall::End& end) { ended(id, end); }});
  } else {
    program = std::unexpected(path.error());
  }
  if (program) {
    call.program = *std::move(program);
    log_.debug("provider_called", {{"pool", settings_.order.pool}, {"for", word_of(verb)}});
    return;
  }
  // As any call that fails: later.
  loop_.defer([id, why = program.error().text, weak = std::weak_ptr(self_)] {
    if (const auto self = weak.lock()) (*self)->ended(id, {.code = -1, .signal = 0, .why = why});
  });
}

void ExecNodes::said(CallId id, std::string_view line) {
  auto& call = calls_.at(id);
  const auto answer = wire::provider_answer_from_json(line);
  if (answer) return answered(call, *answer);
  if (!call.rubbish.empty()) return;  // the first one says enough
  log_.error("provider_not_understood", {{"pool", settings_.order.pool},
                                         {"of", word_of(call.verb)},
                                         {"line", base::printable(line)},
                                         {"why", answer.error().text}});
  call.rubbish = "'" + call.program->name() + "' printed '" + base::printable(line) +
                 "', which is no answer: " + answer.error().text;
}

void ExecNodes::answered(Call& call, const model::ProviderAnswer& answer) {
  if (call.verb == Verb::watch) return watched(answer);
  if (call.verb == Verb::list) return listed(call, answer);
  if (call.verb == Verb::thin_out) return thinned_out(call, answer);
  const auto name = std::ranges::find(call.names, answer.name);
  const auto wanted = call.verb == Verb::create ? Kind::made : Kind::ended;
  if (name == call.names.end() || (answer.kind != Kind::failed && answer.kind != wanted)) {
    log_.error("provider_answer_unasked", {{"pool", settings_.order.pool},
                                           {"of", word_of(call.verb)},
                                           {"node", base::printable(answer.name)}});
    return;
  }
  call.names.erase(name);
  call.program->goes_on();
  if (answer.kind == Kind::made) {
    node_made(answer.name, answer.id);
  } else if (answer.kind == Kind::ended) {
    node_gone(answer.name);
  } else if (call.verb == Verb::create) {
    node_not_made(answer.name, answer.text, answer.is_capacity);
  } else {
    node_not_gone(answer.name, answer.text);
  }
}

void ExecNodes::listed(Call& call, const model::ProviderAnswer& answer) {
  if (answer.kind == Kind::listed) {
    if (!list_->add(answer.name, {.site = call.site, .id = answer.id, .birth = answer.birth})) {
      log_.error("node_is_there_twice", {{"pool", settings_.order.pool},
                                         {"node", base::printable(answer.name)},
                                         {"id", base::printable(answer.id)}});
    }
  } else if (call.rubbish.empty()) {
    call.rubbish = "'" + call.program->name() + "' said of '" + base::printable(answer.name) +
                   "' something else than that it is there";
  }
}

/// One machine of a name that has several.
void ExecNodes::thinned_out(Call& call, const model::ProviderAnswer& answer) {
  const auto extra = call.extras.find(answer.name);
  if (extra == call.extras.end()) return;
  if (answer.kind == Kind::ended) {
    doors_.say(scheduler::ProviderTwin{extra->first, extra->second});
  } else {
    log_.error("node_not_ended", {{"node", extra->first},
                                  {"id", base::printable(extra->second)},
                                  {"why", base::printable(answer.text, 1000)}});
  }
  call.extras.erase(extra);
}

/// What befell a node.
void ExecNodes::watched(const model::ProviderAnswer& answer) {
  watch_pause_ = {};
  const auto known = nodes_.find(answer.name);
  const bool is_fit = answer.kind == Kind::gone || answer.kind == Kind::evicted;
  if (known == nodes_.end() || !is_fit) {  // not ours
    log_.warn("provider_watch_unknown",
              {{"pool", settings_.order.pool}, {"node", base::printable(answer.name)}});
    return;
  }
  auto& node = known->second;
  if (node.is_expelled || node.doing != Doing::nothing) return;
  const auto why = answer.text.empty() ? std::string("its provider takes it") : answer.text;
  log_.warn("node_taken_by_provider",
            {{"node", answer.name}, {"in", base::to_text(answer.notice)}, {"why", why}});
  doors_.say(scheduler::NodeEvicted{answer.name, answer.notice, why});
  if (answer.kind == Kind::evicted) return;
  node.is_there = false;
  node.changed_at = doors_.now();
  doors_.expel(answer.name);
  doors_.say(scheduler::ProviderEnded{.name = answer.name, .why = why, .is_lost = true});
}

void ExecNodes::node_made(const std::string& name, const std::string& id) {
  auto& node = nodes_[name];
  node.is_there = true;
  node.id = id;
  node.site = 0;
  note(node, Doing::nothing);
  log_.info("node_made", {{"node", name}, {"id", base::printable(id)}});
  if (node.is_wanted && !node.is_expelled) return doors_.say(scheduler::ProviderMade{name});
  to_destroy_.insert(name);
  ask_later();
}

void ExecNodes::node_not_made(const std::string& name, const std::string& why, bool is_capacity) {
  auto& node = nodes_[name];
  node.is_there = false;
  note(node, Doing::nothing);
  log_.warn("node_not_made",
            {{"node", name}, {"why", base::printable(why, 1000)}, {"capacity", is_capacity}});
  if (std::exchange(node.is_wanted, false)) {
    doors_.say(scheduler::ProviderFailed{name, base::printable(why, 1000), is_capacity});
  } else {
    to_destroy_.insert(name);  // it may be there in part, and its end is waited for
    ask_later();
  }
}

void ExecNodes::node_gone(const std::string& name) {
  auto& node = nodes_[name];
  node.is_there = false;
  node.id.clear();
  node.site = 0;
  note(node, Doing::nothing);
  log_.info("node_ended", {{"node", name}});
  if (!node.is_wanted) return doors_.say(scheduler::ProviderEnded{name, {}});
  to_create_.insert(name);
  ask_later();
}

void ExecNodes::node_not_gone(const std::string& name, const std::string& why) {
  auto& node = nodes_[name];
  note(node, Doing::nothing);
  log_.error(is_stopping_ ? "node_left_behind" : "node_not_ended",
             {{"node", name}, {"why", base::printable(why, 1000)}});
  if (is_stopping_ && ++node.n_tries < most_tries) {
    to_destroy_.insert(name);
    return ask_later();
  }
  if (!std::exchange(node.is_wanted, false)) return;  // whoever wants it gone asks again
  doors_.say(scheduler::ProviderFailed{
      name, "the one before it could not be ended: " + base::printable(why, 1000), false});
}

void ExecNodes::ended(CallId id, const ProgramCall::End& end) {
  const auto call = std::move(calls_.extract(id).mapped());
  auto why = call.rubbish.empty() ? end.why
             : end.is_good()      ? call.rubbish
                                  : call.rubbish + "; " + end.why;
  if (call.verb == Verb::list) {
    site_listed(call, why);
  } else if (call.verb == Verb::thin_out) {
    if (!why.empty()) log_.error("provider_failed", {{"pool", settings_.order.pool}, {"why", why}});
  } else if (call.verb == Verb::watch) {
    watch_ended(end);
  } else {
    if (why.empty() && !call.names.empty()) {
      why = "'" + call.program->name() + "' ended without a word of it";
    } else if (!why.empty() && call.names.empty()) {
      log_.warn("provider_failed", {{"pool", settings_.order.pool}, {"why", why}});
    }
    for (const auto& name : call.names) {
      if (call.verb == Verb::create) {
        node_not_made(name, why, false);
      } else {
        node_not_gone(name, why);
      }
    }
  }
  ask_later();
}

void ExecNodes::site_listed(const Call& call, const std::string& why) {
  if (!why.empty() && list_->trouble.empty()) {
    list_->trouble = call.site == 0 ? why
                                    : "machines of an earlier configuration, which musterd has to "
                                      "end, cannot be listed: " +
                                          why;
  }
  if (--list_->n_open > 0) return;
  const auto list = *std::exchange(list_, std::nullopt);
  list_ended(list);
}

/// Only a list that is whole counts.
void ExecNodes::list_ended(const MachineList& list) {
  if (is_stopping_) {
    if (list.trouble.empty()) return end_all(list);
    log_.error("nodes_left_behind", {{"pool", settings_.order.pool}, {"why", list.trouble}});
    if (++n_stop_lists_ < most_tries) return list_timer_.start(first_pause);
    return end_all(list);  // those that are known
  }
  if (!list.trouble.empty()) return list_failed(list.trouble);
  trouble_.clear();
  const bool is_thinning = std::ranges::any_of(
      calls_, [](const auto& call) { return call.second.verb == Verb::thin_out; });
  if (is_again_ && !is_thinning) thin_out(list);
  take_list(list);
  leave_sites(list);
  if (!std::exchange(is_again_, true)) start_watch();
  list_timer_.start(settings_.reconcile);
}

void ExecNodes::list_failed(const std::string& why) {
  if (std::exchange(trouble_, why) != why)
    log_.error("provider_list_failed", {{"pool", settings_.order.pool}, {"why", why}});
  list_pause_ = longer(list_pause_, std::max(settings_.reconcile, base::Duration(first_pause)));
  list_timer_.start(is_again_ ? settings_.reconcile : list_pause_);
}

void ExecNodes::take_list(const MachineList& list) {
  std::vector<std::string> names;
  for (const auto& [name, machines] : list.by_name) {
    names.push_back(name);
    auto& node = nodes_[name];
    const bool is_old = node.doing == Doing::nothing && node.changed_at < list.asked_at;
    const auto& machine = kept_of(machines, node.birth, node.id);
    if (is_old || node.id.empty()) {
      if (!machine.id.empty()) node.id = machine.id;
      node.site = machine.site;
    }
    if (is_old) node.is_there = true;
  }
  for (auto& [name, node] : nodes_) {
    const bool is_old = node.doing == Doing::nothing && node.changed_at < list.asked_at;
    if (is_old && !list.by_name.contains(name)) node.is_there = false;
  }
  std::erase_if(nodes_, [this](const auto& each) {
    const auto& node = each.second;
    return !node.is_wanted && !node.is_there && node.doing == Doing::nothing &&
           !to_destroy_.contains(each.first);
  });
  doors_.say(scheduler::ProviderHas{.names = std::move(names),
                                    .pools = {settings_.order.pool},
                                    .asked_at = list.asked_at,
                                    .is_again = is_again_});
}

/// Of a name that a provider has twice, as when a controller ends between an order and its effect,
/// one at a time is ended. At the first list nobody has said yet which of them is meant.
void ExecNodes::thin_out(const MachineList& list) {
  std::map<std::size_t, std::map<std::string, std::string>> extras;  // by site, ids by name
  for (const auto& [name, machines] : list.by_name) {
    const auto known = nodes_.find(name);
    if (machines.size() < 2 || known == nodes_.end()) continue;
    const auto& node = known->second;
    if (!node.is_wanted || node.doing != Doing::nothing || node.changed_at >= list.asked_at)
      continue;
    const auto& kept = kept_of(machines, node.birth, node.id);
    const auto extra =
        std::ranges::find_if(machines, [&](const auto& each) { return each != kept; });
    log_.error("node_is_there_twice", {{"pool", settings_.order.pool},
                                       {"node", base::printable(name)},
                                       {"stays", base::printable(kept.id)},
                                       {"goes", base::printable(extra->id)}});
    extras[extra->site].emplace(name, extra->id);
  }
  for (const auto& [site, ids] : extras) {
    std::string input;
    for (const auto& [name, id] : ids) {
      auto machine = reference(name, site);
      machine.id = id;
      machine.is_extra = true;
      input += wire::to_json(machine) + "\n";
    }
    start(Verb::thin_out, {}, std::move(input), {}, site);
    calls_.at(last_call_).extras = ids;
  }
}

/// Sites of earlier configurations are asked as long as there is a machine, or a program that was
/// started before this controller may yet make one.
void ExecNodes::leave_sites(const MachineList& list) {
  if (doors_.now() - opened_at_ < settings_.limit + settings_.order.start_timeout) return;
  std::set<std::size_t> used;
  for (const auto& [name, machines] : list.by_name) {
    for (const auto& machine : machines) used.insert(machine.site);
  }
  for (const auto& [name, node] : nodes_) used.insert(node.site);
  for (const auto& [id, call] : calls_) used.insert(call.site);
  for (std::size_t site = settings_.makes_nodes ? 1 : 0; site < n_sites(); ++site) {
    if (used.contains(site) || !left_.insert(site).second) continue;
    log_.info("provider_site_left",
              {{"pool", settings_.order.pool}, {"program", site_at(site).program.front()}});
    doors_.left(site);
  }
}

void ExecNodes::watch_ended(const ProgramCall::End& end) {
  if (is_stopping_) return;
  if (end.code == no_watch && end.signal == 0) {
    has_watch_ = false;
    return;
  }
  watch_pause_ = longer(watch_pause_, longest_pause);
  log_.warn("provider_watch_ended", {{"pool", settings_.order.pool},
                                     {"why", end.is_good() ? "it came to its end" : end.why},
                                     {"again_in", base::to_text(watch_pause_)}});
  watch_timer_.start(watch_pause_);
}

void ExecNodes::stop(std::function<void()> gone) {
  is_stopping_ = true;
  gone_ = std::move(gone);
  to_create_.clear();
  watch_timer_.stop();
  for (const auto& [id, call] : calls_) {
    if (call.verb == Verb::watch && call.program) call.program->stop("is not needed any more");
  }
  start_list();
}

/// What is known to be there, and what the list has beside.
void ExecNodes::end_all(const MachineList& list) {
  std::set<std::string> names;
  for (const auto& [name, machines] : list.by_name) {
    names.insert(name);
    auto& node = nodes_[name];
    if (node.doing == Doing::nothing) node.site = machines.front().site;
  }
  for (const auto& [name, node] : nodes_) {
    if (node.is_wanted || node.is_there || node.doing != Doing::nothing) names.insert(name);
  }
  for (const auto& name : names) destroy(name);
  is_stop_listed_ = true;
}

void ExecNodes::look_if_stopped() {
  if (!gone_ || !is_stop_listed_ || !to_destroy_.empty() || n_invited_ > 0) return;
  const bool is_busy = std::ranges::any_of(calls_, [](const auto& call) {
    return call.second.verb == Verb::create || call.second.verb == Verb::destroy;
  });
  if (!is_busy) std::exchange(gone_, nullptr)();
}

}  // namespace musterd
