#include "launcher/pmix/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pmix.h>
#include <pmix_server.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "launcher/pmix/info_list.h"
#include "launcher/pmix/job_keys.h"

extern char** environ;

namespace pmix {

namespace {

/// How PMIx takes the answer to a fence or a modex request.
struct Answer {
  pmix_modex_cbfunc_t function = nullptr;
  void* data = nullptr;

  /// The bytes live until the library releases them.
  void give(int status, std::string bytes) const {
    if (function == nullptr) return;
    auto* kept = new std::string(std::move(bytes));
    function(
        status, kept->data(), kept->size(), data,
        [](void* string) { delete static_cast<std::string*>(string); }, kept);
  }
};

std::unexpected<base::Error> refuse(pmix_status_t status, const char* what) {
  return std::unexpected(base::Error{
      base::Code::io, std::string("cannot ") + what + ": PMIx says " + PMIx_Error_string(status)});
}

bool is_success(pmix_status_t status) {
  return status == PMIX_SUCCESS || status == PMIX_OPERATION_SUCCEEDED;
}

/// The library takes settings from the environment: another launcher's are not ours.
void prepare_environment(const Setup& setup) {
  std::vector<std::string> foreign;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    for (const char* prefix : {"PMIX_", "PMI_", "OMPI_", "PRTE_"}) {
      if (text.starts_with(prefix)) foreign.emplace_back(text.substr(0, text.find('=')));
    }
  }
  for (const auto& name : foreign) unsetenv(name.c_str());
  // Fences inside one node reach us too: hurry_clients() hangs on them.
  setenv("PMIX_MCA_pmix_server_fence_localonly_opt", "0", 1);
  // Ranks get the topology as text, not as a file of shared memory that they may not open.
  setenv("PMIX_MCA_pmix_hwloc_hole_kind", "none", 1);
  // What these would find is not asked for, and libxml2 alone takes milliseconds to load.
  setenv("HWLOC_PLUGINS_BLACKLIST", "hwloc_gl.so,hwloc_opencl.so,hwloc_xml_libxml.so", 0);
  if (!setup.topology_xml.empty()) {
    setenv("HWLOC_XMLFILE", setup.topology_xml.c_str(), 1);
    setenv("HWLOC_THISSYSTEM", "1", 1);
  }
}

class LocalServer final : public Server {
 public:
  LocalServer(Setup setup, Events events) : setup_(std::move(setup)), events_(std::move(events)) {}

  base::Result<void> start();

  base::Result<model::Environment> environment_of(int rank) override;
  void answer_fence(std::uint64_t id, std::string data) override;
  void answer_modex(std::uint64_t id, int status, std::string data) override;
  void data_of(int rank, std::function<void(int, std::string)> take) override;
  void hurry_clients() override;
  void silence() override;

  // Called by the library on its own thread.
  void take_fence(const pmix_proc_t* procs, std::size_t n_procs, std::string data, Answer answer);
  void take_modex(int rank, Answer answer);
  void post(std::function<void()> task);
  const Events& events() const { return events_; }

 private:
  base::Result<void> register_step();
  pmix_proc_t process(int rank) const;

  Setup setup_;
  Events events_;
  std::map<std::uint64_t, Answer> answers_;  // used in posted tasks only
  std::uint64_t next_id_ = 1;
  std::uint16_t port_ = 0;
  std::mutex posting_;
  bool is_silent_ = false;
};

/// The library has one server per process and no room for a context in its callbacks.
LocalServer* the_server = nullptr;

pmix_status_t on_connected(const pmix_proc_t* process, void*, pmix_info_t[], std::size_t,
                           pmix_op_cbfunc_t, void*) {
  the_server->post(
      [rank = static_cast<int>(process->rank)] { the_server->events().connected(rank); });
  return PMIX_SUCCESS;
}

pmix_status_t on_finalized(const pmix_proc_t* process, void*, pmix_op_cbfunc_t, void*) {
  the_server->post(
      [rank = static_cast<int>(process->rank)] { the_server->events().finalized(rank); });
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t on_abort(const pmix_proc_t* process, void*, int status, const char*, pmix_proc_t*,
                       std::size_t, pmix_op_cbfunc_t, void*) {
  the_server->post([rank = static_cast<int>(process->rank), status] {
    the_server->events().aborted(rank, status);
  });
  return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t on_spawn(const pmix_proc_t* process, const pmix_info_t[], std::size_t,
                       const pmix_app_t[], std::size_t, pmix_spawn_cbfunc_t, void*) {
  the_server->post([rank = static_cast<int>(process->rank)] { the_server->events().spawns(rank); });
  return PMIX_ERR_NOT_SUPPORTED;
}

pmix_status_t on_fence(const pmix_proc_t procs[], std::size_t n_procs, const pmix_info_t[],
                       std::size_t, char* data, std::size_t n_bytes, pmix_modex_cbfunc_t function,
                       void* context) {
  std::string bytes(data == nullptr ? "" : std::string(data, n_bytes));
  std::free(data);  // the library leaves it to us (seen in 4.2 to 6.1)
  the_server->take_fence(procs, n_procs, std::move(bytes), {function, context});
  return PMIX_SUCCESS;
}

pmix_status_t on_modex(const pmix_proc_t* process, const pmix_info_t[], std::size_t,
                       pmix_modex_cbfunc_t function, void* context) {
  the_server->take_modex(static_cast<int>(process->rank), {function, context});
  return PMIX_SUCCESS;
}

pmix_server_module_t& callbacks() {
  static pmix_server_module_t module{};
  module.client_connected2 = on_connected;
  module.client_finalized = on_finalized;
  module.abort = on_abort;
  module.spawn = on_spawn;
  module.fence_nb = on_fence;
  module.direct_modex = on_modex;
  return module;
}

void LocalServer::post(std::function<void()> task) {
  const std::lock_guard lock(posting_);
  if (!is_silent_) events_.post(std::move(task));
}

void LocalServer::silence() {
  const std::lock_guard lock(posting_);
  is_silent_ = true;
}

base::Result<void> LocalServer::start() {
  prepare_environment(setup_);
  const auto& node = setup_.nodes[setup_.node];
  InfoList infos;
  infos.text(PMIX_SERVER_NSPACE, "server." + setup_.name_space);
  infos.rank(PMIX_SERVER_RANK, static_cast<int>(setup_.node));
  infos.text(PMIX_SERVER_TMPDIR, setup_.session_dir);
  infos.text(PMIX_SYSTEM_TMPDIR, setup_.session_dir);
  infos.text(PMIX_HOSTNAME, node.name);
  infos.flag(PMIX_SERVER_SHARE_TOPOLOGY, true);
  infos.number(PMIX_USERID, geteuid());
  infos.number(PMIX_GRPID, getegid());
  const pmix_status_t status = PMIx_server_init(&callbacks(), infos.data(), infos.size());
  if (!is_success(status)) return refuse(status, "start the PMIx server");
  return register_step();
}

base::Result<void> LocalServer::register_step() {
  const std::string job_dir = setup_.session_dir + "/job";
  if (mkdir(job_dir.c_str(), S_IRWXU) != 0) {
    return std::unexpected(base::Error{base::Code::io, "cannot make '" + job_dir + "'"});
  }
  InfoList infos;
  if (auto added = add_job_keys(setup_, infos); !added) return added;
  const auto& node = setup_.nodes[setup_.node];
  const pmix_proc_t first = process(node.ranks.front());
  pmix_status_t status =
      PMIx_server_register_nspace(first.nspace, static_cast<int>(node.ranks.size()), infos.data(),
                                  infos.size(), nullptr, nullptr);
  if (!is_success(status)) return refuse(status, "register the step");
  for (const int number : node.ranks) {
    const pmix_proc_t rank = process(number);
    status = PMIx_server_register_client(&rank, geteuid(), getegid(), nullptr, nullptr, nullptr);
    if (!is_success(status)) return refuse(status, "register a rank");
  }
  return {};
}

pmix_proc_t LocalServer::process(int rank) const {
  pmix_proc_t process{};
  const std::size_t length = std::min(setup_.name_space.size(), sizeof process.nspace - 1);
  std::memcpy(process.nspace, setup_.name_space.data(), length);
  process.rank = static_cast<pmix_rank_t>(rank);
  return process;
}

/// The port in "name.0;tcp4://127.0.0.1:4711".
std::optional<std::uint16_t> port_of(std::string_view address) {
  const auto colon = address.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos) return std::nullopt;
  const auto digits = address.substr(colon + 1);
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  return end.ec == std::errc() ? std::optional(port) : std::nullopt;
}

base::Result<model::Environment> LocalServer::environment_of(int rank) {
  const pmix_proc_t who = process(rank);
  char** entries = nullptr;
  const pmix_status_t status = PMIx_server_setup_fork(&who, &entries);
  if (!is_success(status)) return refuse(status, "make the environment of a rank");
  model::Environment environment;
  for (char** entry = entries; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    std::free(*entry);
  }
  std::free(entries);
  for (const auto& [name, value] : environment) {
    if (name.starts_with("PMIX_SERVER_URI")) port_ = port_of(value).value_or(port_);
  }
  return environment;
}

void LocalServer::take_fence(const pmix_proc_t* procs, std::size_t n_procs, std::string data,
                             Answer answer) {
  std::vector<int> ranks;
  for (std::size_t i = 0; i < n_procs; ++i) {
    if (procs[i].rank == PMIX_RANK_WILDCARD) {
      ranks.clear();
      break;
    }
    ranks.push_back(static_cast<int>(procs[i].rank));
  }
  std::sort(ranks.begin(), ranks.end());
  post([this, ranks = std::move(ranks), data = std::move(data), answer]() mutable {
    const std::uint64_t id = next_id_++;
    answers_.emplace(id, answer);
    events_.fence(id, std::move(ranks), std::move(data));
  });
}

void LocalServer::take_modex(int rank, Answer answer) {
  post([this, rank, answer] {
    const std::uint64_t id = next_id_++;
    answers_.emplace(id, answer);
    events_.modex(id, rank);
  });
}

void LocalServer::answer_fence(std::uint64_t id, std::string data) {
  answer_modex(id, PMIX_SUCCESS, std::move(data));
}

void LocalServer::answer_modex(std::uint64_t id, int status, std::string data) {
  const auto found = answers_.find(id);
  if (found == answers_.end()) return;
  const Answer answer = found->second;
  answers_.erase(found);
  answer.give(status, std::move(data));
}

void LocalServer::data_of(int rank, std::function<void(int, std::string)> take) {
  const pmix_proc_t owner = process(rank);
  auto* kept = new std::function(std::move(take));
  const auto respond = [](pmix_status_t status, char* data, std::size_t n_bytes, void* context) {
    auto* waiting = static_cast<std::function<void(int, std::string)>*>(context);
    std::string bytes(data == nullptr ? "" : std::string(data, n_bytes));
    the_server->post([function = std::move(*waiting), status, text = std::move(bytes)]() mutable {
      function(status, std::move(text));
    });
    delete waiting;
  };
  const pmix_status_t status = PMIx_server_dmodex_request(&owner, respond, kept);
  if (!is_success(status)) respond(status, nullptr, 0, kept);
}

/// The clients' connections are not known by number; they are those of ours with the server's port.
void LocalServer::hurry_clients() {
  const int last = 64 + 5 * static_cast<int>(setup_.nodes[setup_.node].ranks.size());
  for (int fd = 3; port_ != 0 && fd < last; ++fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) continue;
    if (address.sin_family != AF_INET || ntohs(address.sin_port) != port_) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
  }
}

}  // namespace

extern "C" Server* muster_pmix_open(const Setup& setup, const Events& events, base::Error* error) {
  the_server = new LocalServer(setup, events);
  auto started = the_server->start();
  if (started) return the_server;
  *error = std::move(started).error();
  return nullptr;
}

}  // namespace pmix
