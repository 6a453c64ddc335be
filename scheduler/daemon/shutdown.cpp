#include "scheduler/daemon/shutdown.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "lib/loop/loop.h"
#include "lib/model/program_time.h"

namespace musterd {

namespace {

// Both beside the time of the site's programs.
constexpr base::Duration jobs_extra = std::chrono::seconds(10);   // beyond kill_grace
constexpr base::Duration agents_time = std::chrono::seconds(15);  // to end by themselves
constexpr base::Duration signal_time = std::chrono::seconds(5);   // from TERM to KILL

}  // namespace

Shutdown::Shutdown(loop::Loop& loop, Parts parts, const loop::Log& log)
    : parts_(std::move(parts)), log_(log), timer_(loop, [this] { overdue(); }) {}

void Shutdown::begin(const model::User& user, http::Responder responder) {
  if (user.uid != parts_.owner_uid && user.uid != 0) {
    return responder.fail({base::Code::denied, "only the owner of the cluster may end it"});
  }
  if (parts_.driver.failure()) return responder.fail(*parts_.driver.failure());
  responders_.push_back(std::move(responder));
  if (phase_ != Phase::up) return;
  phase_ = Phase::jobs;
  log_.info("shutdown_begun", {{"by", user.name}});
  parts_.close_gate();
  const auto request = parts_.driver.new_request();
  parts_.requests.add(request, [this](const base::Result<scheduler::Answer>&) { look(); });
  parts_.driver.submit(scheduler::CancelAll{request, user});
  timer_.start(parts_.kill_grace + jobs_extra + programs_time());
}

void Shutdown::look() {
  if (phase_ != Phase::jobs || parts_.driver.engine().state().n_active != 0) return;
  parts_.driver.when_durable([this] {
    if (phase_ == Phase::jobs) end_agents();
  });
}

void Shutdown::end_agents() {
  phase_ = Phase::agents;
  timer_.start(agents_time + programs_time());
  parts_.agents.shut_down();
  parts_.providers.stop([this] { finish(); });
}

/// The longest that a node's prolog and epilog take.
base::Duration Shutdown::programs_time() const {
  base::Duration longest{};
  for (const auto& [pool, programs] : parts_.driver.engine().settings().site_programs)
    longest = std::max(longest, model::time_of(programs));
  return longest;
}

/// Something did not end in time: goes on to the next harder means.
void Shutdown::overdue() {
  if (phase_ == Phase::jobs) {
    log_.warn("shutdown_jobs_overdue", {{"jobs", parts_.driver.engine().state().n_active}});
    return end_agents();
  }
  const bool is_last = phase_ == Phase::killing;
  auto& local = parts_.providers.local();
  // Programs that end machines have limits of their own.
  if (local.n_alive() == 0) return timer_.start(agents_time);
  log_.warn("shutdown_agents_overdue", {{"agents", local.n_alive()}});
  local.signal(is_last ? SIGKILL : SIGTERM);
  phase_ = Phase::killing;
  timer_.start(signal_time);
}

void Shutdown::finish() {
  timer_.stop();
  parts_.waits.fail_all({base::Code::unavailable,
                         "the cluster has ended; the job is kept and waits for its next start"});
  for (auto& responder : std::exchange(responders_, {})) {
    responder.send({.body = "{}", .headers = {}});
  }
  parts_.finished();
}

}  // namespace musterd
