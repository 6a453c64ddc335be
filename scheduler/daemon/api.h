#pragma once
// The HTTP API (docs/openapi.yaml): a table of routes, and a handler for each.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/config.h"
#include "lib/base/result.h"
#include "lib/http/server.h"
#include "lib/model/dependency.h"
#include "lib/model/job.h"
#include "lib/wire/api.h"
#include "scheduler/daemon/archive.h"
#include "scheduler/daemon/driver.h"
#include "scheduler/daemon/events.h"
#include "scheduler/daemon/job_waits.h"
#include "scheduler/daemon/log_streams.h"
#include "scheduler/daemon/requests.h"
#include "scheduler/daemon/step_access.h"
#include "scheduler/daemon/users.h"

namespace musterd {

class Api {
 public:
  /// What the handlers use; all of it outlives the Api.
  struct Parts {
    Driver& driver;
    Requests& requests;
    Archive& archive;
    Events& events;
    LogStreams& logs;
    Agents& agents;
    JobWaits& waits;
    const StepAccess& access;
    const conf::Config& config;
    std::uint32_t owner_uid = 0;
    std::function<wire::Status()> status;
    std::function<bool(const std::string& node)> is_machine;
    std::function<bool(const scheduler::Node&)> is_shown;
    std::function<bool()> is_going_down;
    std::function<void(model::User, http::Responder)> shut_down;
  };

  explicit Api(Parts parts);

  void handle(http::Request request, http::Responder responder);

  struct Ask {
    http::Request request;
    http::Responder responder;
    model::User user;
    model::JobId job{0};                     // of routes that name one; of a task its own
    std::optional<model::IndexSet> tasks{};  // of the array that `job` is
    std::optional<model::ArrayTask> task{};  // set where the path names one task
  };
  struct Traits {
    bool takes_tasks = false;       // several of an array
    bool is_for_operators = false;  // of the cluster: not from other machines
  };
  struct Route {
    std::string_view method;
    std::string_view path;  // "{job}" stands for a job's number
    void (Api::*handler)(Ask);
    Traits traits = {};
  };
  static std::span<const Route> routes();

 private:
  // api.cpp
  void version(Ask ask);
  void status(Ask ask);
  void nodes(Ask ask);
  void events(Ask ask);
  void shutdown(Ask ask);
  // api_submit.cpp
  void submit(Ask ask);
  void cancel(Ask ask);
  void hold(Ask ask);
  void release(Ask ask);
  void requeue(Ask ask);
  void signal(Ask ask);
  void update(Ask ask);
  void checkpoint(Ask ask);
  std::string stepless(model::JobId id, const std::string& asked_at) const;
  base::Result<std::string> step_reply(const model::LaunchKey& key,
                                       const std::string& asked_at) const;
  void start_step(Ask ask);
  void attach(Ask ask);
  // api_bookings.cpp
  void bookings(Ask ask);
  void book(Ask ask);
  void cancel_booking(Ask ask);
  // api_nodes.cpp
  void evict_node(Ask ask);
  void drain_nodes(Ask ask);
  void resume_nodes(Ask ask);
  void check_node(Ask ask);
  void node_log(Ask ask);
  void look_again(const std::string& name);
  bool is_in_charge(const model::User& user) const;
  // api_pools.cpp
  void pools(Ask ask);
  void change_pool(Ask ask);
  // api_jobs.cpp
  void jobs(Ask ask);
  void priorities(Ask ask);
  void quotas(Ask ask);
  void advice(Ask ask);
  void job_advice(Ask ask);
  void job(Ask ask);
  void script(Ask ask);
  void logs(Ask ask);

  // api_tasks.cpp
  void with_task(Ask ask, void (Api::*handler)(Ask));
  void answer_task(const Ask& ask);
  const scheduler::Job* pending_array(const Ask& ask) const;

  void submit_with(const Ask& ask, const std::shared_ptr<const model::JobSpec>& spec,
                   std::vector<model::PastJob> past);
  void with_past(const std::vector<model::JobId>& jobs, http::Responder responder,
                 std::function<void(std::vector<model::PastJob>)> go_on);

  using Decide = std::function<scheduler::Input(scheduler::RequestId)>;
  using Show = std::function<base::Result<std::string>(const scheduler::Answer&)>;
  void decide(const http::Responder& responder, const Decide& input, Show show);
  void answer_record(model::JobId job, const http::Responder& responder);
  void with_record(model::JobId job, http::Responder responder,
                   std::function<void(const model::JobRecord&)> go_on);
  void open_logs(const model::JobRecord& record, const Ask& ask);
  bool may_read(const model::User& user, const model::User& owner) const;

  Parts parts_;
  Users users_;
};

/// What a path names: 17, 17_4, 17_[1-3].
struct JobPath {
  model::JobId job{0};
  std::optional<model::IndexSet> tasks{};
};

/// Where the path fits the route.
std::optional<JobPath> match_job(std::string_view route, std::string_view path);

http::Response json_response(std::string body);

/// A query parameter that is a whole number. Error invalid, naming it.
base::Result<std::optional<std::int64_t>> number_parameter(const http::Request& request,
                                                           std::string_view name, std::int64_t low,
                                                           std::int64_t high);
base::Result<bool> flag_parameter(const http::Request& request, std::string_view name);

/// Error invalid for a query parameter that is not among the known ones.
base::Result<void> check_parameters(const http::Request& request,
                                    std::span<const std::string_view> known);

}  // namespace musterd
