#pragma once
// Conversions of nouns that have the same fields on the wire and in the API: templates over the
// generated type.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "lib/model/host_list.h"
#include "lib/model/job.h"
#include "lib/model/layout.h"
#include "lib/model/outcome.h"
#include "lib/wire/strict.h"

namespace wire {

inline std::optional<base::Bytes> bytes_if(bool present, std::uint64_t count) {
  return present ? std::optional(base::Bytes(count)) : std::nullopt;
}

template <class Message>
void write_user(const model::User& user, Message& out) {
  out.set_uid(user.uid);
  out.set_gid(user.gid);
  out.set_name(user.name);
}

template <class Message>
model::User read_user(Message& in, Strict&) {
  return {in.uid(), in.gid(), take(in.mutable_name())};
}

template <class Message>
void write_shape(const model::Shape& shape, Message& out) {
  if (shape.nodes) out.set_nodes(u32(*shape.nodes));
  if (shape.tasks) out.set_tasks(u32(*shape.tasks));
  if (shape.tasks_per_node) out.set_tasks_per_node(u32(*shape.tasks_per_node));
  out.set_cpus_per_task(u32(shape.cpus_per_task));
  out.set_gpus_per_node(u32(shape.gpus_per_node));
  out.set_gpus_per_task(u32(shape.gpus_per_task));
  if (shape.memory_per_node) out.set_memory_per_node_bytes(shape.memory_per_node->count());
  if (shape.memory_per_cpu) out.set_memory_per_cpu_bytes(shape.memory_per_cpu->count());
  if (shape.most_nodes) out.set_most_nodes(u32(*shape.most_nodes));
  out.set_whole_nodes(shape.whole_nodes);
}

template <class Message>
model::Shape read_shape(Message& in, Strict& strict) {
  model::Shape shape;
  shape.nodes = strict.count_if(in.has_nodes(), in.nodes(), "nodes");
  shape.tasks = strict.count_if(in.has_tasks(), in.tasks(), "tasks");
  shape.tasks_per_node =
      strict.count_if(in.has_tasks_per_node(), in.tasks_per_node(), "tasks_per_node");
  shape.cpus_per_task = strict.count(in.cpus_per_task(), "cpus_per_task");
  shape.gpus_per_node = strict.count(in.gpus_per_node(), "gpus_per_node");
  shape.gpus_per_task = strict.count(in.gpus_per_task(), "gpus_per_task");
  shape.memory_per_node = bytes_if(in.has_memory_per_node_bytes(), in.memory_per_node_bytes());
  shape.memory_per_cpu = bytes_if(in.has_memory_per_cpu_bytes(), in.memory_per_cpu_bytes());
  shape.most_nodes = strict.count_if(in.has_most_nodes(), in.most_nodes(), "most_nodes");
  shape.whole_nodes = in.whole_nodes();
  return shape;
}

template <class Message>
void write_choice(const model::NodeChoice& choice, Message& out) {
  out.set_constraint(to_text(choice.constraint));
  out.set_gpu_kind(choice.gpu_kind);
  out.set_only(model::compress_hosts(choice.only));
  out.set_never(model::compress_hosts(choice.never));
  out.set_booking(choice.booking);
  if (!choice.tiers.empty()) out.set_tiers(to_text(choice.tiers));
}

/// Names of a list in order, each once; "" has none.
inline std::vector<std::string> read_names(std::string_view list, std::string_view field,
                                           Strict& strict) {
  if (list.empty()) return {};
  auto names = model::expand_hosts(list);
  if (!names) {
    strict.wrong(field, "is wrong: " + names.error().text);
    return {};
  }
  std::ranges::sort(*names);
  names->erase(std::ranges::unique(*names).begin(), names->end());
  return *std::move(names);
}

template <class Message>
model::NodeChoice read_choice(Message& in, Strict& strict) {
  model::NodeChoice choice;
  if (!in.constraint().empty()) {
    auto constraint = model::constraint_from_text(in.constraint());
    if (!constraint) strict.wrong("constraint", "is wrong: " + constraint.error().text);
    choice.constraint = constraint.value_or(model::Constraint());
  }
  choice.gpu_kind = take(in.mutable_gpu_kind());
  choice.only = read_names(in.only(), "only", strict);
  choice.never = read_names(in.never(), "never", strict);
  choice.booking = take(in.mutable_booking());
  if (!in.tiers().empty()) {
    auto tiers = model::tiers_from_text(in.tiers());
    if (!tiers) strict.wrong("tiers", "is wrong: " + tiers.error().text);
    choice.tiers = tiers.value_or(model::Tiers());
  }
  return choice;
}

/// Texts of a repeated field.
template <class Texts>
std::vector<std::string> take_all(Texts& from) {
  return {std::make_move_iterator(from.begin()), std::make_move_iterator(from.end())};
}

inline model::Dependency read_dependency(std::string_view text, Strict& strict) {
  auto dependency = model::dependency_from_text(text);
  if (!dependency) strict.wrong("dependency", "is wrong: " + dependency.error().text);
  return dependency.value_or(model::Dependency{});
}

/// "" is none.
inline std::string restart_text(const std::optional<model::RestartPolicy>& policy) {
  return policy ? to_text(*policy) : std::string();
}

inline std::optional<model::RestartPolicy> read_restart(std::string_view text, Strict& strict) {
  if (text.empty()) return std::nullopt;
  auto policy = model::restart_policy_from_text(text);
  if (!policy) strict.wrong("restart", "is wrong: " + policy.error().text);
  return policy ? std::optional(*std::move(policy)) : std::nullopt;
}

/// "" is none.
inline std::string hang_text(const std::optional<model::HangLimit>& limit) {
  return limit ? to_text(*limit) : std::string();
}

inline std::optional<model::HangLimit> read_hang(std::string_view text, Strict& strict) {
  if (text.empty()) return std::nullopt;
  const auto limit = model::hang_limit_from_text(text);
  if (!limit) strict.wrong("hang_timeout", "is wrong: " + limit.error().text);
  return limit ? std::optional(*limit) : std::nullopt;
}

/// "" is native.
inline model::Dialect read_dialect(std::string_view text, Strict& strict) {
  if (text.empty()) return model::Dialect::native;
  return strict.named(model::dialect_from_text(text), text, "dialect");
}

inline model::IndexSet read_tasks(std::string_view text, std::string_view field, Strict& strict) {
  auto tasks = model::tasks_from_text(text);
  if (!tasks) strict.wrong(field, "is wrong: " + tasks.error().text);
  return tasks ? *std::move(tasks) : model::IndexSet();
}

template <class Texts>
std::vector<model::Mount> read_mounts(const Texts& in, Strict& strict) {
  std::vector<model::Mount> mounts;
  for (const auto& text : in) {
    auto mount = model::mount_from_text(text);
    if (!mount) strict.wrong("mounts", "is wrong: " + mount.error().text);
    if (mount) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

/// All but the time limit.
template <class Message>
void write_image(const model::Image& image, Message& out) {
  out.set_reference(image.reference);
  out.set_runtime(std::string(to_text(image.runtime)));
  out.set_auth(image.auth);
  out.set_shm_bytes(image.shm.count());
}

template <class Message>
model::Image read_image(Message& in, Strict& strict) {
  model::Image image;
  image.reference = strict.filled(in.mutable_reference(), "reference");
  if (!in.runtime().empty()) {
    image.runtime =
        strict.named(model::container_runtime_from_text(in.runtime()), in.runtime(), "runtime");
  }
  image.auth = take(in.mutable_auth());
  image.shm = base::Bytes(in.shm_bytes());
  if (auto fine = model::check(image); !fine) strict.wrong("reference", fine.error().text);
  return image;
}

/// "" is no array.
inline std::optional<model::Array> read_array(std::string_view text, Strict& strict) {
  if (text.empty()) return std::nullopt;
  auto array = model::array_from_text(text);
  if (array) return *std::move(array);
  strict.wrong("array", "is wrong: " + array.error().text);
  return std::nullopt;
}

inline std::string array_text(const std::optional<model::Array>& array) {
  return array ? to_text(*array) : "";
}

template <class Message>
void write_task(const std::optional<model::ArrayTask>& task, Message& out) {
  if (!task) return;
  out.set_array_job(task->array.number());
  out.set_array_task(u32(task->index));
}

template <class Message>
std::optional<model::ArrayTask> read_task(const Message& in, Strict& strict) {
  if (!in.has_array_job()) return std::nullopt;
  return model::ArrayTask{model::JobId(strict.from_one(in.array_job(), "array_job")),
                          strict.count(in.array_task(), "array_task")};
}

template <class Message>
void write_allocation(const model::Allocation& allocation, Message& out) {
  for (const auto& share : allocation.nodes) {
    auto& to = *out.add_nodes();
    to.set_node(share.node.number());
    to.set_name(share.name);
    to.set_tasks(u32(share.tasks));
    to.set_cores(model::to_text(share.cores));
    to.set_gpus(model::to_text(share.gpus));
    to.set_memory_bytes(share.memory.count());
  }
}

template <class Message>
model::Allocation read_allocation(Message& in, Strict& strict) {
  const auto share = [](auto& from, Strict& s) {
    return model::NodeShare{model::NodeId(s.from_one(from.node(), "node")),
                            take(from.mutable_name()),
                            s.count(from.tasks(), "tasks"),
                            s.indices(from.cores(), "cores"),
                            s.indices(from.gpus(), "gpus"),
                            base::Bytes(from.memory_bytes())};
  };
  return {strict.each("nodes", *in.mutable_nodes(), share)};
}

/// All of a failure but the sentence that the API adds.
template <class Message>
void write_failure(const model::Failure& failure, Message& out) {
  out.set_cause(std::string(to_text(failure.cause)));
  out.set_code(failure.code);
  if (failure.step) out.set_step(failure.step->number());
  if (failure.rank) out.set_rank(u32(*failure.rank));
  out.set_node(failure.node);
  out.set_text(failure.text);
}

template <class Message>
model::Failure read_failure(Message& in, Strict& strict) {
  model::Failure failure;
  failure.cause = strict.named(model::cause_from_text(in.cause()), in.cause(), "cause");
  failure.code = in.code();
  if (in.has_step()) failure.step = model::StepId(in.step());
  failure.rank = strict.count_if(in.has_rank(), in.rank(), "rank");
  failure.node = take(in.mutable_node());
  failure.text = take(in.mutable_text());
  return failure;
}

template <class Message>
model::Outcome read_outcome(Message& in, Strict& strict) {
  model::Outcome outcome;
  outcome.ending = strict.named(model::ending_from_text(in.ending()), in.ending(), "ending");
  outcome.exit_code = in.exit_code();
  if (in.has_failure()) {
    outcome.failure = strict.part("failure", *in.mutable_failure(),
                                  [](auto& from, Strict& s) { return read_failure(from, s); });
  }
  return outcome;
}

}  // namespace wire
