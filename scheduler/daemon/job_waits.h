#pragma once
// Clients that wait for something to become of a job: its start or its end.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "lib/http/server.h"
#include "lib/model/fact.h"

namespace musterd {

class JobWaits {
 public:
  enum class For { start, end };

  JobWaits() : self_(std::make_shared<JobWaits*>(this)) {}

  /// Runs `task` when the job has ended, or with For::start when an attempt starts or it ends
  /// without; forgotten when the client goes.
  void add(model::JobId job, For what, http::Responder responder, std::function<void()> task);

  /// Runs `task` when the job, a task of an array that has not started, has ended, or when some of
  /// the array's tasks are cancelled.
  void add_task(model::JobId array, model::JobId job, http::Responder responder,
                std::function<void()> task);

  /// A fact that is durable.
  void publish(const model::Fact& fact);

  /// Answers all that wait.
  void fail_all(const base::Error& error);

 private:
  void wake_array(model::JobId array);

  struct Wait {
    For what = For::end;
    http::Responder responder;
    std::function<void()> task;
    std::optional<model::JobId> array = {};
  };

  std::map<std::pair<model::JobId, std::uint64_t>, Wait> waiting_;
  std::uint64_t last_ = 0;
  std::shared_ptr<JobWaits*> self_;
};

}  // namespace musterd
