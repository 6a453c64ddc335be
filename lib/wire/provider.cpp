#include "lib/wire/provider.h"

#include <chrono>
#include <utility>

#include "lib/wire/json.h"
#include "lib/wire/provider.pb.h"
#include "lib/wire/strict.h"

namespace wire {

namespace {

namespace lines = ::muster::provider;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint32_t longest_notice_s = 7 * 24 * 3600;

/// The options are an object of the site's own, in JSON already.
std::string with_options(std::string line, const std::string& options) {
  line.pop_back();
  return line + ",\"options\":" + (options.empty() ? "{}" : options) + "}";
}

/// Which of the answers this is; none where it says several things at once.
std::optional<model::ProviderAnswer::Kind> kind_of_answer(const lines::Answer& in) {
  using enum model::ProviderAnswer::Kind;
  std::optional<model::ProviderAnswer::Kind> kind;
  int n_said = 0;
  const auto say = [&](bool is_said, model::ProviderAnswer::Kind what) {
    if (!is_said) return;
    kind = what;
    ++n_said;
  };
  say(in.made(), made);
  say(in.ended(), ended);
  say(in.has_error(), failed);
  say(in.gone(), gone);
  say(in.evict(), evicted);
  if (n_said == 0) return listed;
  return n_said == 1 ? kind : std::nullopt;
}

}  // namespace

std::string to_json(const model::NodeSpec& order) {
  lines::NodeOrder out;
  out.set_name(order.name);
  out.set_birth(order.birth);
  out.set_cluster(order.cluster);
  out.set_pool(order.pool);
  out.set_tier(order.tier);
  out.set_cpus(u32(order.cores));
  out.set_memory_mib(static_cast<std::uint32_t>(order.memory.count() / mib));
  out.set_gpus(u32(order.gpus));
  out.set_gpu_kind(order.gpu_kind);
  for (const auto& feature : order.features) out.add_features(feature);
  out.set_controller(order.controller);
  out.set_token(order.token);
  out.set_agent(order.agent);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(order.start_timeout);
  out.set_start_timeout_s(static_cast<std::uint32_t>(seconds.count()));
  const auto life = std::chrono::floor<std::chrono::seconds>(order.life);
  out.set_life_s(static_cast<std::uint32_t>(life.count()));
  return with_options(print_json(out), order.options);
}

std::string to_json(const model::NodeReference& node) {
  if (node.name.empty()) {
    lines::ListOrder out;
    out.set_cluster(node.cluster);
    out.set_pool(node.pool);
    return with_options(print_json(out), node.options);
  }
  lines::NodeReference out;
  out.set_name(node.name);
  out.set_cluster(node.cluster);
  out.set_pool(node.pool);
  out.set_id(node.id);
  if (node.is_extra) out.set_extra(true);
  return with_options(print_json(out), node.options);
}

base::Result<model::ProviderAnswer> provider_answer_from_json(std::string_view json) {
  lines::Answer in;
  if (auto parsed = parse_json(json, "answer", base::Code::corrupt, in); !parsed)
    return std::unexpected(std::move(parsed).error());
  Strict strict(base::Code::corrupt, "answer");
  model::ProviderAnswer answer{.name = strict.filled(in.mutable_name(), "name"),
                               .id = take(in.mutable_id()),
                               .birth = take(in.mutable_birth()),
                               .text = take(in.mutable_reason()),
                               .is_capacity = in.capacity()};
  const auto kind = kind_of_answer(in);
  if (!kind)
    strict.wrong("name",
                 "has several answers; expected one of made, ended, error, gone "
                 "and evict");
  answer.kind = kind.value_or(answer.kind);
  if (in.has_error()) answer.text = take(in.mutable_error());
  if (in.has_notice_s()) {
    const int s = strict.count(in.notice_s(), "notice_s", 0, static_cast<int>(longest_notice_s));
    answer.notice = std::chrono::seconds(s);
  }
  return strict.give(std::move(answer));
}

std::string to_json(const std::vector<model::ProviderSite>& sites) {
  lines::Sites out;
  for (const auto& site : sites) {
    auto& one = *out.add_sites();
    one.set_program(site.program);
    one.set_cluster(site.cluster);
    one.set_options(site.options);
  }
  return print_json(out);
}

base::Result<std::vector<model::ProviderSite>> provider_sites_from_json(std::string_view json) {
  lines::Sites in;
  if (auto parsed = parse_json(json, "sites", base::Code::corrupt, in); !parsed)
    return std::unexpected(std::move(parsed).error());
  Strict strict(base::Code::corrupt, "sites");
  auto sites = strict.each("sites", *in.mutable_sites(), [](lines::Site& one, Strict& inside) {
    return model::ProviderSite{.program = inside.filled(one.mutable_program(), "program"),
                               .cluster = inside.filled(one.mutable_cluster(), "cluster"),
                               .options = take(one.mutable_options())};
  });
  return strict.give(std::move(sites));
}

}  // namespace wire
