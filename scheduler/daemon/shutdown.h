#pragma once
// The end of an embedded cluster in order: running jobs, then agents, then the controller.

#include <cstdint>
#include <functional>
#include <vector>

#include "lib/base/time.h"
#include "lib/http/server.h"
#include "lib/loop/log.h"
#include "lib/loop/timer.h"
#include "lib/model/job.h"
#include "scheduler/daemon/agents.h"
#include "scheduler/daemon/driver.h"
#include "scheduler/daemon/job_waits.h"
#include "scheduler/daemon/providers.h"
#include "scheduler/daemon/requests.h"

namespace musterd {

class Shutdown {
 public:
  struct Parts {
    Driver& driver;
    Requests& requests;
    Agents& agents;
    Providers& providers;
    JobWaits& waits;
    base::Duration kill_grace{};
    std::uint32_t owner_uid = 0;
    std::function<void()> close_gate;  // from now on no job starts
    std::function<void()> finished;    // everything has ended and the clients are answered
  };

  Shutdown(loop::Loop& loop, Parts parts, const loop::Log& log);

  /// Begins; who asks again later is answered with the first.
  void begin(const model::User& user, http::Responder responder);
  bool is_going_down() const { return phase_ != Phase::up; }

  /// To be called after each durable fact.
  void look();

 private:
  enum class Phase { up, jobs, agents, killing };

  void end_agents();
  base::Duration programs_time() const;
  void overdue();
  void finish();

  Parts parts_;
  const loop::Log& log_;
  Phase phase_ = Phase::up;
  std::vector<http::Responder> responders_;
  loop::Timer timer_;
};

}  // namespace musterd
