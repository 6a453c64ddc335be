#include "scheduler/core/foreign_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/text.h"

namespace scheduler {

namespace {

using Names = std::set<std::string>;

constexpr std::size_t most_named = 8;

/// What nodes have, of the pool or of all.
struct NodeWords {
  Names features;
  Names gpu_kinds;
  bool are_known = false;  // some node is there
};

NodeWords words_of_nodes(const State& state, const std::string& pool) {
  NodeWords words;
  for (const auto& [kind, n_nodes] : state.node_kinds) {
    if (!pool.empty() && kind.pool != pool) continue;
    words.are_known = true;
    words.features.insert(kind.features.begin(), kind.features.end());
    if (!kind.gpu_kind.empty()) words.gpu_kinds.insert(kind.gpu_kind);
  }
  return words;
}

Names names_of(const std::vector<Class>& classes) {
  Names names;
  for (const auto& each : classes) names.insert(each.name);
  return names;
}

template <class Map>
Names keys_of(const Map& map) {
  Names names;
  for (const auto& [name, value] : map) names.insert(name);
  return names;
}

/// Some of them.
std::string text_of(const Names& known) {
  if (known.empty()) return "none is known";
  std::vector<std::string> named;
  for (const auto& name : known) {
    if (named.size() == most_named) return "known: " + base::join(named, ", ") + " and others";
    named.push_back(name);
  }
  return "known: " + base::join(named, ", ");
}

/// Takes the names out one after another, and keeps a note of each.
class Customs {
 public:
  Customs(const View& view, const model::JobSpec& spec) : view_(view), spec_(spec) {}

  void choose_pool();
  void check_pool();
  void check_class();
  void check_workspace();
  void check_booking();
  void check_nodes();
  void check_licenses();

  HomeRequest finish() && {
    return {std::make_shared<const model::JobSpec>(std::move(spec_)), std::move(notes_)};
  }

 private:
  /// "there is no pool 'gpu' here: it is left out, and any pool will do (known: a, b)".
  void leave_out(std::string_view what, const std::string& name, const std::string& instead,
                 const Names& known) {
    notes_.push_back(fmt::format("there is no {} '{}' here: it is left out, and {} ({})", what,
                                 base::printable(name), instead, text_of(known)));
  }

  const View& view_;
  model::JobSpec spec_;
  std::vector<std::string> notes_;
};

void Customs::choose_pool() {
  const auto names = base::split(spec_.pool, ',');
  if (names.size() < 2) return;
  const auto known = std::ranges::find_if(names, [&](std::string_view name) {
    return std::ranges::find(view_.pools, name) != view_.pools.end();
  });
  const std::string chosen(known == names.end() ? names.front() : *known);
  notes_.push_back(fmt::format("a job uses nodes of one pool: of '{}', '{}'",
                               base::printable(spec_.pool), base::printable(chosen)));
  spec_.pool = chosen;
}

void Customs::check_pool() {
  const Names pools(view_.pools.begin(), view_.pools.end());
  if (spec_.pool.empty() || pools.contains(spec_.pool)) return;
  leave_out("pool", spec_.pool, "any pool will do", pools);
  spec_.pool.clear();
}

void Customs::check_class() {
  if (spec_.class_name.empty()) return;
  const auto classes = names_of(view_.classes.all());
  if (classes.contains(spec_.class_name)) return;
  leave_out("class", spec_.class_name, "the job is of the default class", classes);
  spec_.class_name.clear();
}

void Customs::check_workspace() {
  if (view_.workspaces.has(spec_.workspace)) return;
  const auto names = view_.workspaces.names();
  leave_out("workspace", spec_.workspace, "the job is charged to its user alone",
            Names(names.begin(), names.end()));
  spec_.workspace.clear();
}

void Customs::check_booking() {
  if (spec_.choice.booking.empty()) return;
  const auto bookings = keys_of(view_.state.bookings);
  if (bookings.contains(spec_.choice.booking)) return;
  leave_out("booking", spec_.choice.booking, "the job waits for nodes that nobody booked",
            bookings);
  spec_.choice.booking.clear();
}

void Customs::check_nodes() {
  auto& choice = spec_.choice;
  if (choice.constraint.groups.empty() && choice.gpu_kind.empty()) return;
  const auto words = words_of_nodes(view_.state, spec_.pool);
  if (!words.are_known) return;  // they may bring whatever is asked for
  std::erase_if(choice.constraint.groups, [&](const std::vector<std::string>& group) {
    const auto foreign = std::ranges::find_if_not(
        group, [&](const std::string& feature) { return words.features.contains(feature); });
    if (foreign == group.end()) return false;
    leave_out("feature", *foreign,
              fmt::format("with it '{}' of the constraint", base::join(group, "&")),
              words.features);
    return true;
  });
  const bool has_gpu =
      choice.gpu_kind.empty() || std::ranges::any_of(words.gpu_kinds, [&](const std::string& kind) {
        return model::is_gpu_kind(choice.gpu_kind, kind);
      });
  if (has_gpu) return;
  leave_out("kind of GPU", choice.gpu_kind, "any kind will do", words.gpu_kinds);
  choice.gpu_kind.clear();
}

void Customs::check_licenses() {
  if (spec_.licenses.empty()) return;
  const auto known = keys_of(view_.licenses);
  std::erase_if(spec_.licenses, [&](const auto& entry) {
    if (known.contains(entry.first)) return false;
    leave_out("license", entry.first, "nothing is counted for it", known);
    return true;
  });
}

}  // namespace

HomeRequest at_home(const View& view, std::shared_ptr<const model::JobSpec> spec,
                    bool leave_out_foreign) {
  if (spec->dialect == model::Dialect::native) return {std::move(spec), {}};
  Customs customs(view, *spec);
  customs.choose_pool();
  if (!leave_out_foreign) return std::move(customs).finish();
  customs.check_pool();
  customs.check_class();
  customs.check_workspace();
  customs.check_booking();
  customs.check_nodes();
  customs.check_licenses();
  return std::move(customs).finish();
}

}  // namespace scheduler
