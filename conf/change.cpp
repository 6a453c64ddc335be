#include "conf/change.h"

#include <fmt/format.h>

#include <algorithm>

#include "conf/table.h"
#include "lib/base/text.h"

namespace conf {

namespace {

void check_timeout(const Scheduler& scheduler, std::vector<Clash>& found) {
  if (scheduler.node_timeout > scheduler.heartbeat) return;
  found.push_back(
      {"scheduler", "node_timeout", "heartbeat",
       fmt::format("'scheduler.node_timeout': expected more than scheduler.heartbeat "
                   "({}), found \"{}\"",
                   base::to_text(scheduler.heartbeat), base::to_text(scheduler.node_timeout))});
}

void check_request(const Limits& limits, std::vector<Clash>& found) {
  if (limits.request > limits.script) return;
  found.push_back(
      {"limits", "request", "script",
       fmt::format("'limits.request': expected more than limits.script ({}), found \"{}\"",
                   base::to_text(limits.script), base::to_text(limits.request))});
}

void check_default_class(const Config& config, std::vector<Clash>& found) {
  const auto known = class_names(config);
  const auto& name = config.scheduler.default_class;
  if (std::ranges::find(known, name) != known.end()) return;
  found.push_back({"scheduler", "default_class", "",
                   fmt::format("'scheduler.default_class': there is no class '{}'{}", name,
                               nearest_text(name, known))});
}

/// Whether it is HOST:PORT, an IPv6 host in brackets.
bool is_host_and_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos || colon == 0) return false;
  const auto host = text.substr(0, colon);
  const bool is_v6 = host.starts_with('[') && host.ends_with(']');
  return base::parse_int(text.substr(colon + 1), 0, 65535).has_value() &&
         (is_v6 || host.find(':') == host.npos) && host.find(',') == host.npos;
}

void check_listen(const Listen& listen, std::vector<Clash>& found) {
  const auto& agents = listen.agents;
  if (!agents.empty() && !agents.starts_with("tls:")) {
    found.push_back({"listen", "agents", "",
                     fmt::format("'listen.agents': expected \"tls:HOST:PORT\", found \"{}\"; "
                                 "without TLS nothing is listened on but sockets of this machine",
                                 base::printable(agents))});
  } else if (!agents.empty() && !is_host_and_port(std::string_view(agents).substr(4))) {
    found.push_back({"listen", "agents", "",
                     fmt::format("'listen.agents': expected \"tls:HOST:PORT\", found \"{}\"",
                                 base::printable(agents))});
  }
  if (!listen.address.empty() && !is_host_and_port(listen.address)) {
    found.push_back({"listen", "address", "",
                     fmt::format("'listen.address': expected \"HOST:PORT\", found \"{}\"",
                                 base::printable(listen.address))});
  }
}

void check_containers(const Containers& containers, std::vector<Clash>& found) {
  const auto check = [&found](const char* key, std::string_view path) {
    if (path.empty() || path.starts_with('/')) return;
    found.push_back({"containers", key, "",
                     fmt::format("'containers.{}': expected absolute paths, found \"{}\"", key,
                                 base::printable(path))});
  };
  check("cache", containers.cache);
  for (const auto folder : base::split(containers.binds, ':')) check("binds", folder);
}

base::Result<void> wrong_change(std::string text) {
  return base::fail(base::Code::invalid, std::move(text));
}

}  // namespace

base::Result<void> change(Config& config, std::string_view assignment) {
  const auto sign = assignment.find('=');
  if (sign == std::string_view::npos) {
    return wrong_change(
        fmt::format("expected section.key=value such as scheduler.fair_share=0, found '{}'",
                    base::printable(assignment)));
  }
  const auto name = assignment.substr(0, sign);
  const auto text = assignment.substr(sign + 1);
  std::vector<std::string> names;
  for (const auto& key : keys()) {
    if (is_repeated(key.section)) continue;
    names.push_back(fmt::format("{}.{}", key.section, key.name));
    if (names.back() != name) continue;
    const auto value = parse_value(key, text);
    if (!value) {
      return wrong_change(fmt::format("'{}': expected {}, found \"{}\"", name, expected_text(key),
                                      base::printable(text)));
    }
    key.set(config, *value);
    return {};
  }
  const std::vector<std::string_view> known(names.begin(), names.end());
  return wrong_change(
      fmt::format("'{}': unknown key{}", base::printable(name), nearest_text(name, known)));
}

std::vector<Clash> clashes(const Config& config) {
  std::vector<Clash> found;
  check_listen(config.listen, found);
  check_containers(config.containers, found);
  check_timeout(config.scheduler, found);
  check_request(config.limits, found);
  check_default_class(config, found);
  return found;
}

std::vector<std::string_view> class_names(const Config& config) {
  if (config.classes.empty()) return {"low", "normal", "urgent"};
  std::vector<std::string_view> names;
  for (const auto& each : config.classes) names.push_back(each.name);
  return names;
}

std::string nearest_text(std::string_view word, std::span<const std::string_view> known) {
  const auto nearest = base::nearest(word, known);
  return nearest ? fmt::format("; did you mean '{}'?", *nearest)
                 : fmt::format("; known are {}", fmt::join(known, ", "));
}

}  // namespace conf
