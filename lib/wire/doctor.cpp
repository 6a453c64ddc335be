#include "lib/wire/doctor.h"

#include <cmath>
#include <utility>

#include "lib/wire/doctor.pb.h"
#include "lib/wire/json.h"
#include "lib/wire/shared.h"
#include "lib/wire/strict.h"

namespace wire {

namespace {

namespace form = ::muster::doctor;

constexpr double us_per_second = 1e6;
constexpr double most_us = 1e17;  // some thousand years

double seconds_of(base::Duration duration) {
  return static_cast<double>(duration.count()) / us_per_second;
}

/// Of either sign.
base::Duration read_seconds(double seconds, std::string_view field, Strict& strict) {
  const double us = std::round(seconds * us_per_second);
  if (std::isfinite(us) && std::fabs(us) < most_us) {
    return base::Duration(static_cast<std::int64_t>(us));
  }
  strict.wrong(field, "is no time");
  return {};
}

std::uint64_t read_rate(double rate, Strict& strict) {
  if (rate >= 0 && rate < most_us) return static_cast<std::uint64_t>(rate);
  strict.wrong("bytes_per_second", "is no rate");
  return 0;
}

void write(const model::NodeFacts& facts, form::NodeFacts& out) {
  out.set_host_name(facts.host_name);
  out.set_unresolved(facts.unresolved);
  out.set_loopback(facts.is_loopback);
  for (const auto& folder : facts.folders) {
    auto& to = *out.add_folders();
    to.set_path(folder.path);
    to.set_free_bytes(folder.free.count());
    to.set_problem(folder.problem);
  }
  if (facts.memlock) out.set_memlock_bytes(facts.memlock->count());
  for (const auto& device : facts.fabric) out.add_fabric(device);
  out.set_stack_tool(facts.stack_tool);
  out.set_cpus(to_text(facts.cpus));
  out.set_wanted_cpus(to_text(facts.wanted_cpus));
  for (const auto& [name, version] : facts.libraries) (*out.mutable_libraries())[name] = version;
  out.set_gpus(u32(facts.n_gpus));
}

model::FolderSpace read_folder(form::FolderSpace& in, Strict& strict) {
  return {strict.filled(in.mutable_path(), "path"), base::Bytes(in.free_bytes()),
          take(in.mutable_problem())};
}

model::NodeFacts read_node_facts(form::NodeFacts& in, Strict& strict) {
  model::NodeFacts facts;
  facts.host_name = take(in.mutable_host_name());
  facts.unresolved = take(in.mutable_unresolved());
  facts.is_loopback = in.loopback();
  facts.folders = strict.each("folders", *in.mutable_folders(), read_folder);
  if (in.has_memlock_bytes()) facts.memlock = base::Bytes(in.memlock_bytes());
  facts.fabric = take_all(*in.mutable_fabric());
  facts.stack_tool = take(in.mutable_stack_tool());
  facts.cpus = strict.indices(in.cpus(), "cpus");
  facts.wanted_cpus = strict.indices(in.wanted_cpus(), "wanted_cpus");
  for (auto& [name, version] : *in.mutable_libraries()) facts.libraries[name] = version;
  facts.n_gpus = strict.count(in.gpus(), "gpus");
  return facts;
}

double read_speed(double speed, std::string_view field, Strict& strict) {
  if (std::isfinite(speed) && speed >= 0) return speed;
  strict.wrong(field, "is no rate");
  return 0;
}

void write(const model::GpuCheck& gpu, form::GpuCheck& out) {
  out.set_uuid(gpu.uuid);
  out.set_name(gpu.name);
  out.set_problem(gpu.problem);
  out.set_tested_bytes(gpu.tested_bytes);
  out.set_memory_passes(gpu.memory_passes);
  out.set_wrong_words(gpu.wrong_words);
  out.set_first_wrong(gpu.first_wrong);
  out.set_wrong_pattern(gpu.wrong_pattern);
  out.set_product_by(gpu.product_by);
  out.set_flops_per_second(gpu.flops_per_second);
  out.set_wrong_products(gpu.wrong_products);
  out.set_to_device_bytes_per_second(gpu.to_device);
  out.set_from_device_bytes_per_second(gpu.from_device);
  out.set_within_bytes_per_second(gpu.within);
  out.set_wrong_copies(gpu.wrong_copies);
  out.set_sums_problem(gpu.sums_problem);
  out.set_sums_in_node_bytes_per_second(gpu.sums_in_node);
  out.set_sums_between_nodes_bytes_per_second(gpu.sums_between_nodes);
  out.set_wrong_sums(gpu.wrong_sums);
}

model::GpuCheck read_gpu_check(form::GpuCheck& in, Strict& strict) {
  model::GpuCheck gpu;
  gpu.uuid = take(in.mutable_uuid());
  gpu.name = take(in.mutable_name());
  gpu.problem = take(in.mutable_problem());
  if (gpu.uuid.empty() && gpu.problem.empty()) strict.wrong("uuid", "is empty");
  gpu.tested_bytes = in.tested_bytes();
  gpu.memory_passes = in.memory_passes();
  gpu.wrong_words = in.wrong_words();
  gpu.first_wrong = in.first_wrong();
  gpu.wrong_pattern = take(in.mutable_wrong_pattern());
  gpu.product_by = take(in.mutable_product_by());
  gpu.flops_per_second = read_speed(in.flops_per_second(), "flops_per_second", strict);
  gpu.wrong_products = in.wrong_products();
  gpu.to_device = read_speed(in.to_device_bytes_per_second(), "to_device_bytes_per_second", strict);
  gpu.from_device =
      read_speed(in.from_device_bytes_per_second(), "from_device_bytes_per_second", strict);
  gpu.within = read_speed(in.within_bytes_per_second(), "within_bytes_per_second", strict);
  gpu.wrong_copies = in.wrong_copies();
  gpu.sums_problem = take(in.mutable_sums_problem());
  gpu.sums_in_node =
      read_speed(in.sums_in_node_bytes_per_second(), "sums_in_node_bytes_per_second", strict);
  gpu.sums_between_nodes = read_speed(in.sums_between_nodes_bytes_per_second(),
                                      "sums_between_nodes_bytes_per_second", strict);
  gpu.wrong_sums = in.wrong_sums();
  return gpu;
}

void write(const model::GpuChecks& checks, form::GpuChecks& out) {
  out.set_problem(checks.problem);
  for (const auto& gpu : checks.gpus) write(gpu, *out.add_gpus());
  out.set_given(u32(checks.n_given));
}

model::GpuChecks read_gpu_checks(form::GpuChecks& in, Strict& strict) {
  return {take(in.mutable_problem()), strict.each("gpus", *in.mutable_gpus(), read_gpu_check),
          strict.count(in.given(), "given")};
}

model::NodeCheck read_node_check(form::NodeCheck& in, Strict& strict) {
  model::NodeCheck node;
  node.node = strict.filled(in.mutable_node(), "node");
  node.problem = take(in.mutable_problem());
  node.machine = take(in.mutable_machine());
  node.clock_offset = read_seconds(in.clock_offset_seconds(), "clock_offset_seconds", strict);
  if (in.has_facts()) node.facts = strict.part("facts", *in.mutable_facts(), read_node_facts);
  if (in.has_gpu_checks()) {
    node.gpu_checks = strict.part("gpu_checks", *in.mutable_gpu_checks(), read_gpu_checks);
  }
  return node;
}

model::Hop read_hop(form::Hop& in, Strict& strict) {
  model::Hop hop;
  hop.from = strict.filled(in.mutable_from(), "from");
  hop.to = strict.filled(in.mutable_to(), "to");
  hop.problem = take(in.mutable_problem());
  hop.latency = read_seconds(in.latency_seconds(), "latency_seconds", strict);
  hop.bytes_per_second = read_rate(in.bytes_per_second(), strict);
  return hop;
}

model::Allreduce read_allreduce(form::Allreduce& in, Strict& strict) {
  model::Allreduce allreduce;
  allreduce.problem = take(in.mutable_problem());
  allreduce.wrong = take_all(*in.mutable_wrong());
  allreduce.token = read_seconds(in.token_seconds(), "token_seconds", strict);
  allreduce.size = base::Bytes(in.bytes());
  allreduce.took = read_seconds(in.seconds(), "seconds", strict);
  return allreduce;
}

model::StartUpCheck read_start_up(form::StartUp& in, Strict& strict) {
  return {take(in.mutable_problem()), read_seconds(in.seconds(), "seconds", strict)};
}

model::Finding read_finding(form::Finding& in, Strict& strict) {
  return {strict.filled(in.mutable_where(), "where"), take(in.mutable_found()),
          take(in.mutable_expected()), take(in.mutable_advice())};
}

model::LeftOut read_left_out(form::LeftOut& in, Strict& strict) {
  return {strict.filled(in.mutable_node(), "node"), take(in.mutable_why())};
}

model::DoctorReport read_doctor_report(form::Report& in, Strict& strict) {
  model::DoctorReport report;
  report.nodes = strict.each("nodes", *in.mutable_nodes(), read_node_check);
  report.hops = strict.each("hops", *in.mutable_hops(), read_hop);
  if (in.has_allreduce()) {
    report.allreduce = strict.part("allreduce", *in.mutable_allreduce(), read_allreduce);
  }
  if (in.has_start_up()) {
    report.start_up = strict.part("start_up", *in.mutable_start_up(), read_start_up);
  }
  report.findings = strict.each("findings", *in.mutable_findings(), read_finding);
  report.notes = take_all(*in.mutable_notes());
  report.left_out = strict.each("left_out", *in.mutable_left_out(), read_left_out);
  return report;
}

void write(const model::NodeCheck& node, form::NodeCheck& out) {
  out.set_node(node.node);
  out.set_problem(node.problem);
  out.set_machine(node.machine);
  out.set_clock_offset_seconds(seconds_of(node.clock_offset));
  write(node.facts, *out.mutable_facts());
  if (node.gpu_checks) write(*node.gpu_checks, *out.mutable_gpu_checks());
}

void write(const model::Hop& hop, form::Hop& out) {
  out.set_from(hop.from);
  out.set_to(hop.to);
  out.set_problem(hop.problem);
  out.set_latency_seconds(seconds_of(hop.latency));
  out.set_bytes_per_second(static_cast<double>(hop.bytes_per_second));
}

void write(const model::Allreduce& allreduce, form::Allreduce& out) {
  out.set_problem(allreduce.problem);
  for (const auto& node : allreduce.wrong) out.add_wrong(node);
  out.set_token_seconds(seconds_of(allreduce.token));
  out.set_bytes(allreduce.size.count());
  out.set_seconds(seconds_of(allreduce.took));
}

void write(const model::Finding& finding, form::Finding& out) {
  out.set_where(finding.where);
  out.set_found(finding.found);
  out.set_expected(finding.expected);
  out.set_advice(finding.advice);
}

template <class Message, class Read>
auto read_json(std::string_view json, std::string_view what, Read read)
    -> base::Result<decltype(read(std::declval<Message&>(), std::declval<Strict&>()))> {
  Message in;
  if (auto parsed = parse_json(json, what, base::Code::corrupt, in); !parsed) {
    return std::unexpected(std::move(parsed).error());
  }
  Strict strict(base::Code::corrupt, what);
  return strict.give(read(in, strict));
}

}  // namespace

std::string to_json(const model::NodeFacts& facts) {
  form::NodeFacts out;
  write(facts, out);
  return print_json(out);
}

base::Result<model::NodeFacts> node_facts_from_json(std::string_view json) {
  return read_json<form::NodeFacts>(json, "facts of a node", read_node_facts);
}

base::Result<model::GpuCheck> gpu_check_from_json(std::string_view json) {
  return read_json<form::GpuCheck>(json, "line of muster-gpucheck", read_gpu_check);
}

std::string to_json(const model::GpuChecks& checks) {
  form::GpuChecks out;
  write(checks, out);
  return print_json(out);
}

base::Result<model::GpuChecks> gpu_checks_from_json(std::string_view json) {
  return read_json<form::GpuChecks>(json, "checks of GPUs", read_gpu_checks);
}

std::string to_json(const model::DoctorReport& report) {
  form::Report out;
  for (const auto& node : report.nodes) write(node, *out.add_nodes());
  for (const auto& hop : report.hops) write(hop, *out.add_hops());
  if (report.allreduce) write(*report.allreduce, *out.mutable_allreduce());
  if (report.start_up) {
    out.mutable_start_up()->set_problem(report.start_up->problem);
    out.mutable_start_up()->set_seconds(seconds_of(report.start_up->took));
  }
  for (const auto& finding : report.findings) write(finding, *out.add_findings());
  for (const auto& note : report.notes) out.add_notes(note);
  for (const auto& left : report.left_out) {
    auto& to = *out.add_left_out();
    to.set_node(left.node);
    to.set_why(left.why);
  }
  return print_json(out);
}

base::Result<model::DoctorReport> doctor_report_from_json(std::string_view json) {
  return read_json<form::Report>(json, "report of muster-doctor", read_doctor_report);
}

}  // namespace wire
