#pragma once
// Asking the controller: requests that outlast its restart, and its errors in words.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/cluster.h"
#include "cli/problem.h"
#include "lib/http/message.h"
#include "lib/model/ids.h"
#include "lib/model/record.h"

namespace cli {

class Api {
 public:
  explicit Api(Cluster cluster) : cluster_(std::move(cluster)) {}

  /// The cluster of the command line; nobody is asked yet.
  static Try<Api> of(const options::Parsed& line);

  const Cluster& cluster() const { return cluster_; }

  /// The body of the answer. A controller that goes away is waited for, up to a minute, and asked
  /// again: only for what may be asked twice. One that is not there at first is no cluster.
  Try<std::string> get(const std::string& target) const;
  Try<std::string> post(const std::string& target, const std::string& body) const;

  /// For what must not be done twice: waits up to a minute for a controller that is away, then
  /// posts once. Refused when the answer got lost, for then it may or may not have been done.
  Try<std::string> post_once(const std::string& target, const std::string& body) const;

  /// As get and post, without a limit on the time that the answer takes.
  Try<std::string> get_slowly(const std::string& target) const;
  Try<std::string> post_slowly(const std::string& target, const std::string& body) const;

  /// Passes the body on as it comes, until `take` returns false. Asked once.
  Try<void> stream(const std::string& target, const http::Headers& headers,
                   const std::function<bool(std::string_view)>& take) const;

  /// Calls `ask` again and again, as long as its connection is cut off and the controller comes
  /// back within a minute.
  Try<void> persist(const std::function<Try<void>()>& ask) const;

 private:
  class Absence;
  Try<std::string> ask(const http::Request& request, bool has_time_limit) const;

  Cluster cluster_;
};

/// A job as it is named: 17, the task 17_4 of an array, or several of its tasks, 17_[1-3].
struct JobName {
  model::JobId job;
  std::string tasks = {};  // "4", "[1-3]"; empty: all of the job

  bool operator==(const JobName&) const = default;
};
std::string to_text(const JobName& name);

/// "last" is the newest job that is no task.
Try<JobName> job_name(const Api& api, std::string_view text);
/// The one job that the rest of the line names.
Try<JobName> only_job(const Api& api, const options::Parsed& line);
Try<std::vector<JobName>> some_jobs(const Api& api, const options::Parsed& line);

/// The id given last, if any job was ever submitted; that of the array for its tasks.
Try<std::optional<model::JobId>> newest_job(const Api& api);

std::string job_target(const JobName& job, std::string_view more = "");

/// Waits until the job has ended.
Try<model::JobRecord> wait_for(const Api& api, const JobName& job);

/// What a command that waited for the job exits with.
int exit_code_of(const model::JobRecord& job);

}  // namespace cli
