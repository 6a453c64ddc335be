#pragma once
// Jobs and nodes as people read them.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "lib/base/time.h"
#include "lib/model/advice.h"
#include "lib/model/quota.h"
#include "lib/model/record.h"

namespace render {

/// What the surroundings decide.
struct View {
  base::Time now;
  std::optional<std::size_t> width;             // of the terminal; absent: nothing is cut
  std::function<std::string(base::Time)> time;  // in local time: "2026-11-20 13:00:45"
};

/// One line a job: id, name, user, state, nodes, time that it ran, and where or why.
std::string job_table(std::span<const model::JobRecord> jobs, const View& view);

/// Everything about one job.
std::string job_block(const model::JobRecord& job, const View& view);

/// Why it waits, where it runs or how it ended, and what to do next.
std::string why(const model::JobRecord& job, const View& view);

/// When a request would start, and what would let it start now.
std::string advice(const model::Advice& advice, const View& view);

/// The second part of that alone; empty where nothing would.
std::string changes(const model::Advice& advice);

/// One line for each limit: whose it is, and what is used of it.
std::string quota_table(std::span<const model::QuotaUse> quotas, const View& view);

/// One line a node: state, cores, GPUs and memory in use of all, jobs.
std::string node_table(std::span<const model::NodeRecord> nodes, const View& view);

/// The same, of what they have besides.
std::string feature_table(std::span<const model::NodeRecord> nodes, const View& view);

/// One line a booking.
std::string booking_table(std::span<const model::BookingRecord> bookings, const View& view);

/// "2 tasks x 1 core on 2 nodes, 1G of memory per node": the request for people.
std::string request_text(const model::Layout& layout);

}  // namespace render
