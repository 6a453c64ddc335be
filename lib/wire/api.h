#pragma once
// The bodies of the HTTP API: proto3 JSON of the messages in api.proto, with their field names as
// they stand there. Reading is strict: an unknown field is an error that names the nearest known.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/base/time.h"
#include "lib/model/advice.h"
#include "lib/model/booking.h"
#include "lib/model/change.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/pool.h"
#include "lib/model/priority.h"
#include "lib/model/quota.h"
#include "lib/model/record.h"

namespace wire {

/// Body of POST /v1/jobs/ID/steps.
struct StepRequest {
  std::uint32_t attempt = 1;
  model::StepSpec spec;
  bool operator==(const StepRequest&) const = default;
};

/// The answer: where the step's head listens and what to show it.
struct StepReply {
  model::StepId step;
  std::string head_address;
  std::string secret;
  std::uint32_t attempt = 0;
  model::JobId job{0};
  std::vector<std::string> head_tls = {};
  bool operator==(const StepReply&) const = default;
};

struct JobPage {
  std::vector<model::JobRecord> jobs;
  std::optional<model::JobId> next;  // where the next page starts, given as `after`
  bool operator==(const JobPage&) const = default;
};

struct Version {
  std::string name;  // "muster"
  std::string version;
  std::string cluster;
  std::uint32_t pid = 0;
  std::uint32_t protocol = 0;
  bool operator==(const Version&) const = default;
};

/// The configuration file of a controller, and how its last reading went.
struct ConfigNews {
  std::string path;
  base::Time read_at;   // the last time
  std::string problem;  // why what was read then is not in force, but what was before; empty: it is
  bool operator==(const ConfigNews&) const = default;
};

struct Status {
  std::uint32_t nodes_total = 0;
  std::uint32_t nodes_idle = 0;
  std::uint32_t jobs_waiting = 0;
  std::uint32_t jobs_running = 0;
  bool writable = true;
  std::string error;  // why it is not
  ConfigNews config;
  bool operator==(const Status&) const = default;
};

// Requests. Text that is no UTF-8 goes as base64 where a job may well have it (script, arguments,
// values of the environment).

/// errors: invalid, for a name or path that is no UTF-8
base::Result<std::string> to_json(const model::JobSpec& spec);
base::Result<std::string> to_json(const StepRequest& request);
base::Result<std::string> to_json(const model::JobChange& change);

/// errors: invalid, naming the field or the place in the text. What one request may ask for is
/// checked by model::resolve.
base::Result<model::JobSpec> job_spec_from_json(std::string_view json);
base::Result<StepRequest> step_request_from_json(std::string_view json);
base::Result<model::JobChange> job_change_from_json(std::string_view json);

// Replies. Bytes that are no UTF-8 are shown as U+FFFD. Reading: errors: corrupt.

struct SubmitReply {
  model::JobId job;
  std::vector<std::string> notes;  // what of the request is not as it was written, and why

  bool operator==(const SubmitReply&) const = default;
};

std::string to_json(const SubmitReply& reply);
base::Result<SubmitReply> submit_reply_from_json(std::string_view json);

std::string to_json(const StepReply& reply);
base::Result<StepReply> step_reply_from_json(std::string_view json);

/// With `nodes` (compressed list) and `summary` (one sentence: why it waits, how it ended).
std::string to_json(const model::JobRecord& record);
base::Result<model::JobRecord> job_record_from_json(std::string_view json);

/// What a launch used, on one line; and several such lines.
std::string to_json(const model::LaunchUsage& usage);
base::Result<std::vector<model::LaunchUsage>> usage_lines_from_json(std::string_view lines);

/// One page of a listing from records that are JSON already: live ones and those of the history.
std::string job_page_json(std::span<const std::string> records, std::optional<model::JobId> next);
base::Result<JobPage> job_page_from_json(std::string_view json);

/// Of POST /v1/nodes/check.
std::string to_json(const model::NodeCondition& condition);
base::Result<model::NodeCondition> condition_from_json(std::string_view json);

std::string to_json(std::span<const model::NodeRecord> nodes);
base::Result<std::vector<model::NodeRecord>> nodes_from_json(std::string_view json);

std::string to_json(const Version& version);
base::Result<Version> version_from_json(std::string_view json);

std::string to_json(const Status& status);
base::Result<Status> status_from_json(std::string_view json);

/// {"error":{"code":"invalid","text":"..."}}
std::string error_json(const base::Error& error);
/// nullopt for a body that is no such error.
std::optional<base::Error> error_from_json(std::string_view json);

/// One sentence for people: why the job waits, where it runs, how it ended.
std::string summary_of(const model::JobRecord& record);

std::string to_json(std::span<const model::PriorityTerms> priorities);
base::Result<std::vector<model::PriorityTerms>> priorities_from_json(std::string_view json);

/// A start that is left out is now. errors: invalid
base::Result<std::string> to_json(const model::BookingSpec& spec);
base::Result<model::BookingSpec> booking_spec_from_json(std::string_view json);

std::string booking_reply_json(const std::string& name);
base::Result<std::string> booking_reply_from_json(std::string_view json);

std::string to_json(std::span<const model::BookingRecord> bookings);
base::Result<std::vector<model::BookingRecord>> bookings_from_json(std::string_view json);

std::string to_json(std::span<const model::PoolRecord> pools);
base::Result<std::vector<model::PoolRecord>> pools_from_json(std::string_view json);

std::string to_json(const model::NodeOrder& order);
/// errors: invalid
base::Result<model::NodeOrder> node_order_from_json(std::string_view json);

std::string to_json(const model::PoolChange& change);
/// errors: invalid
base::Result<model::PoolChange> pool_change_from_json(std::string_view json);

std::string to_json(std::span<const model::QuotaUse> quotas);
base::Result<std::vector<model::QuotaUse>> quotas_from_json(std::string_view json);

std::string to_json(const model::Advice& advice);
base::Result<model::Advice> advice_from_json(std::string_view json);

}  // namespace wire
