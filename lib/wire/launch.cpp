// Launch keys, orders and the two files of a launch directory.

#include "lib/wire/launch.h"

#include <climits>

#include "lib/wire/convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

/// What could lead a launcher out of its arrays.
void check_order(const model::LaunchOrder& order, Strict& strict) {
  const auto n_nodes = order.allocation.nodes.size();
  const auto index = static_cast<std::size_t>(order.node_index);
  if (n_nodes == 0) strict.wrong("allocation", "has no nodes");
  if (index >= n_nodes) strict.wrong("node_index", "is not in the allocation");
  if (order.key.step.has_value() != (order.step != nullptr)) {
    strict.wrong("step", "is there without a step in the key, or the other way round");
  }
  if (!order.addresses.empty() && order.addresses.size() != n_nodes) {
    strict.wrong("addresses", "has another length than the allocation");
  }
  const std::size_t n_wanted = order.step != nullptr ? n_nodes : 0;
  if (order.tasks.size() != n_wanted) {
    strict.wrong("tasks", "has another length than the allocation, or there is no step");
  } else if (order.step != nullptr && index < n_nodes && order.tasks[index] == 0) {
    strict.wrong("tasks", "has none for the node of the order");
  }
}

}  // namespace

base::Result<void> parse(std::string_view bytes, std::string_view what,
                         google::protobuf::MessageLite& message) {
  if (bytes.size() <= INT_MAX &&
      message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return {};
  }
  return base::fail(base::Code::corrupt,
                    std::string(what) + ": " + std::to_string(bytes.size()) +
                        " bytes are no message of lib/wire, or its text is no UTF-8");
}

std::string serialize(const google::protobuf::MessageLite& message) {
  return message.SerializeAsString();
}

void write(const model::LaunchKey& key, pb::LaunchKey& out) {
  out.set_job(key.job.number());
  out.set_attempt(key.attempt);
  if (key.step) out.set_step(key.step->number());
  out.set_preparation(key.preparation);
}

model::LaunchKey read_key(pb::LaunchKey& in, Strict& strict) {
  model::LaunchKey key{
      model::JobId(strict.from_one(in.job(), "job")), strict.from_one(in.attempt(), "attempt"), {}};
  if (in.has_step()) key.step = model::StepId(in.step());
  key.preparation = in.preparation();
  if (key.step && key.preparation) strict.wrong("preparation", "is true of a step");
  return key;
}

void write(const model::StepShare& share, pb::StepShare& out) {
  out.set_cores(to_text(share.cores));
  out.set_gpus(to_text(share.gpus));
}

model::StepShare read_step_share(pb::StepShare& in, Strict& strict) {
  return {strict.indices(in.cores(), "cores"), strict.indices(in.gpus(), "gpus")};
}

void write_containers(const model::ContainerSite& site, pb::LaunchOrder& out) {
  if (site == model::ContainerSite()) return;
  auto& containers = *out.mutable_containers();
  containers.set_cache(site.cache);
  containers.set_cache_limit_bytes(site.cache_limit.count());
  for (const auto& folder : site.binds) containers.add_binds(folder);
}

void write_programs(const model::SitePrograms& programs, pb::LaunchOrder& out) {
  if (!programs.is_wanted()) return;
  auto& site = *out.mutable_site_programs();
  site.set_prolog(programs.prolog);
  site.set_epilog(programs.epilog);
  site.set_prolog_timeout_us(programs.prolog_limit.count());
  site.set_epilog_timeout_us(programs.epilog_limit.count());
}

model::SitePrograms read_programs(pb::SitePrograms& in, Strict& strict) {
  return {.prolog = take(in.mutable_prolog()),
          .epilog = take(in.mutable_epilog()),
          .prolog_limit = strict.duration(in.prolog_timeout_us(), "prolog_timeout_us"),
          .epilog_limit = strict.duration(in.epilog_timeout_us(), "epilog_timeout_us")};
}

void write(const model::LaunchOrder& order, pb::LaunchOrder& out) {
  write(order.key, *out.mutable_key());
  write_user(order.user, *out.mutable_user());
  write(*order.job, *out.mutable_job());
  if (order.step) write(*order.step, *out.mutable_step());
  write_allocation(order.allocation, *out.mutable_allocation());
  out.set_node_index(u32(order.node_index));
  for (const int tasks : order.tasks) out.add_tasks(u32(tasks));
  if (order.step_share) write(*order.step_share, *out.mutable_step_share());
  out.set_kill_grace_us(order.kill_grace.count());
  out.set_log_limit_bytes(order.log_limit.count());
  out.set_cluster(order.cluster);
  out.set_pool(order.pool);
  out.set_tier(std::string(to_text(order.tier)));
  out.set_n_evictions(u32(order.n_evictions));
  out.set_controller(order.controller);
  out.set_head_address(order.head_address);
  out.set_secret(order.secret);
  out.set_last_end(order.last_end);
  for (const auto& address : order.addresses) out.add_addresses(address);
  for (const auto& address : order.head_tls) out.add_head_tls(address);
  write_task(order.task, out);
  out.set_shared_tmp(order.shared_tmp);
  write_containers(order.containers, out);
  out.set_gpu_idle_notice_us(order.gpu_idle_notice.count());
  write_programs(order.site_programs, out);
}

model::LaunchOrder read_order(pb::LaunchOrder& in, Strict& strict) {
  model::LaunchOrder order{
      .key = strict.required(in.has_key(), "key").read(*in.mutable_key(), read_key),
      .user = strict.required(in.has_user(), "user").read(*in.mutable_user(), read_user<pb::User>),
      .job = std::make_shared<const model::JobSpec>(
          strict.required(in.has_job(), "job").read(*in.mutable_job(), read_job_spec)),
      .step = {},
      .allocation = strict.required(in.has_allocation(), "allocation")
                        .read(*in.mutable_allocation(), read_allocation<pb::Allocation>),
      .node_index = strict.count(in.node_index(), "node_index"),
      .tasks = {},
      .task = read_task(in, strict),
      .last_end = take(in.mutable_last_end()),
      .kill_grace = strict.duration(in.kill_grace_us(), "kill_grace_us"),
      .log_limit = base::Bytes(in.log_limit_bytes()),
      .cluster = take(in.mutable_cluster()),
      .pool = take(in.mutable_pool()),
      .tier = in.tier().empty() ? model::Tier::dedicated
                                : strict.named(model::tier_from_text(in.tier()), in.tier(), "tier"),
      .n_evictions = strict.count(in.n_evictions(), "n_evictions"),
      .controller = take(in.mutable_controller()),
      .head_address = take(in.mutable_head_address()),
      .secret = take(in.mutable_secret()),
      .addresses = take_all(*in.mutable_addresses()),
      .head_tls = take_all(*in.mutable_head_tls()),
      .shared_tmp = take(in.mutable_shared_tmp()),
      .containers = {take(in.mutable_containers()->mutable_cache()),
                     base::Bytes(in.containers().cache_limit_bytes()),
                     take_all(*in.mutable_containers()->mutable_binds())},
      .gpu_idle_notice = strict.duration(in.gpu_idle_notice_us(), "gpu_idle_notice_us")};
  if (in.has_step()) {
    order.step = std::make_shared<const model::StepSpec>(
        strict.part("step", *in.mutable_step(), read_step_spec));
  }
  if (in.has_site_programs())
    order.site_programs = strict.part("site_programs", *in.mutable_site_programs(), read_programs);
  for (const auto tasks : in.tasks()) order.tasks.push_back(strict.count(tasks, "tasks"));
  if (in.has_step_share())
    order.step_share = strict.part("step_share", *in.mutable_step_share(), read_step_share);
  check_order(order, strict);
  return order;
}

std::string encode_order(const model::LaunchOrder& order) {
  pb::LaunchOrder out;
  write(order, out);
  return serialize(out);
}

std::string encode_report(const model::LaunchReport& report) {
  pb::LaunchReport out;
  write(report, out);
  return serialize(out);
}

base::Result<model::LaunchOrder> decode_order(std::string_view bytes) {
  pb::LaunchOrder in;
  if (auto parsed = parse(bytes, "order", in); !parsed) return std::unexpected(parsed.error());
  Strict strict(base::Code::corrupt, "order");
  return strict.give(read_order(in, strict));
}

base::Result<model::LaunchReport> decode_report(std::string_view bytes) {
  pb::LaunchReport in;
  if (auto parsed = parse(bytes, "report", in); !parsed) return std::unexpected(parsed.error());
  Strict strict(base::Code::corrupt, "report");
  return strict.give(read_report(in, strict));
}

}  // namespace wire
