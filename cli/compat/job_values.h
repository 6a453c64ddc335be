#pragma once
// What other schedulers' commands show of a job, each value made in one place. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/model/record.h"

namespace compat {

/// "17", "17_4" of a task, "17_[1-3%2]" of an array whose tasks wait.
std::string job_id_text(const model::JobRecord& job);
/// That of its array, or its own.
model::JobId array_id(const model::JobRecord& job);
/// The index of a task, the indices of an array whose tasks wait; empty: it is no array.
std::string array_index_text(const model::JobRecord& job);

/// A pool, under the name that jobs without one have.
std::string partition_of(const model::JobRecord& job);
/// Of what it has, else of what it asked for.
int node_count(const model::JobRecord& job);
int cpu_count(const model::JobRecord& job);
int gpu_count(const model::JobRecord& job);
int task_count(const model::JobRecord& job);
/// Compressed; empty: it never started.
std::string node_list(const model::JobRecord& job);
std::string first_node(const model::JobRecord& job);

/// "4G", "512M"; "0" where none was asked for.
std::string memory_text(const model::JobRecord& job);
/// "gres/gpu:2" on each node; empty: none.
std::string gpus_per_node_text(const model::JobRecord& job);
/// "cpu=4,mem=8G,node=2,billing=4,gres/gpu=2"
std::string tres_text(const model::JobRecord& job);

/// For how long it has run, or ran.
base::Duration run_time(const model::JobRecord& job, base::Time now);
/// Of one that waits, as things stand.
std::optional<base::Time> start_time(const model::JobRecord& job);
/// Of one that runs: by its limit.
std::optional<base::Time> end_time(const model::JobRecord& job);
/// When it could have started at the earliest.
base::Time eligible_time(const model::JobRecord& job);

/// The script or the program, with its directory where it is known.
std::string command_text(const model::JobRecord& job);
/// With its arguments.
std::string command_line(const model::JobRecord& job);
/// A pattern with what is known filled in.
std::string output_path(const model::JobRecord& job, const std::string& pattern);

/// The tasks of an array that have not started, each as a job.
std::vector<model::JobRecord> waiting_tasks(const model::JobRecord& array);

/// `text`, or `otherwise` where it is empty.
std::string or_else(std::string text, std::string_view otherwise);

constexpr std::string_view default_partition = "default";

constexpr std::uint64_t mib = 1024 * base::kib;

}  // namespace compat
