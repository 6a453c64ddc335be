#include "cli/request/environment.h"

#include <fmt/format.h>

#include <array>
#include <string>

#include "lib/base/text.h"

namespace request {

namespace {

constexpr std::array<std::string_view, 5> login_names{"HOME", "LOGNAME", "PATH", "SHELL", "USER"};

/// What describes a job, in our words or in those of another scheduler.
bool is_of_job(std::string_view name) {
  if (name.starts_with("SLURM_") || name.starts_with("PBS_")) return true;
  return name.starts_with("MUSTER_") && name != "MUSTER_DIR";
}

/// Inside a job its own variables would tell lies about the new one, and so would others that its
/// launcher has added.
model::Environment without_own(const model::Environment& present) {
  if (!present.contains("MUSTER_JOB_ID")) return present;
  auto kept = present;
  if (const auto added = present.find("MUSTER_ADDED"); added != present.end()) {
    for (const auto name : base::split(added->second, ' ')) kept.erase(std::string(name));
  }
  std::erase_if(kept, [](const auto& variable) { return is_of_job(variable.first); });
  return kept;
}

void copy(model::Environment& to, const model::Environment& from, std::string_view name) {
  if (const auto found = from.find(std::string(name)); found != from.end()) to.insert(*found);
}

bool tells_of_job(std::string_view name) {
  return name == "PATH" || name.starts_with("SLURM") || name.starts_with("MUSTER_") ||
         name.starts_with("PBS_");
}

}  // namespace

base::Result<model::Environment> exported_to_step(std::string_view what,
                                                  const model::Environment& present) {
  auto result = present;
  if (what == "ALL") return result;
  std::erase_if(result, [](const auto& variable) { return !tells_of_job(variable.first); });
  if (what == "NONE" || what == "NIL") return result;
  for (const auto part : base::split(what, ',')) {
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    if (name.empty()) {
      return base::fail(base::Code::invalid,
                        fmt::format("expected ALL, NONE or a list such as A,B=x, found '{}'",
                                    base::printable(what)));
    }
    if (equals != std::string_view::npos) {
      result.insert_or_assign(std::string(name), std::string(part.substr(equals + 1)));
    } else if (part == "ALL") {
      result.insert(present.begin(), present.end());
    } else {
      copy(result, present, name);
    }
  }
  return result;
}

base::Result<model::Environment> exported(std::string_view what,
                                          const model::Environment& present) {
  const auto own = without_own(present);
  if (what == "ALL") return own;
  model::Environment result;
  if (what == "NIL") return result;
  if (what == "NONE") {
    for (const auto name : login_names) copy(result, own, name);
    return result;
  }
  for (const auto part : base::split(what, ',')) {
    const auto equals = part.find('=');
    const auto name = part.substr(0, equals);
    if (name.empty()) {
      return base::fail(base::Code::invalid,
                        fmt::format("expected ALL, NONE, NIL or a list such as A,B=x, found '{}'",
                                    base::printable(what)));
    }
    if (equals != std::string_view::npos) {
      result.insert_or_assign(std::string(name), std::string(part.substr(equals + 1)));
    } else if (part == "ALL") {
      result.insert(own.begin(), own.end());
    } else {
      copy(result, own, name);
    }
  }
  return result;
}

}  // namespace request
