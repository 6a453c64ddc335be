#include "lib/model/reason.h"

#include <fmt/format.h>

#include "lib/base/overloaded.h"
#include "lib/base/text.h"
#include "lib/model/booking.h"

namespace model {

namespace {

std::string amounts(const Demand& demand) {
  std::string text = base::plural(demand.cores, "free core");
  if (demand.gpus > 0) text += " and " + base::plural(demand.gpus, "free GPU");
  if (demand.memory > base::Bytes()) text += " and " + to_text(demand.memory) + " of memory";
  return text;
}

std::string shortage(const ShortOfResources& r) {
  if (r.nodes_needed == 0) {
    return fmt::format("needs {} in all; {} ready {} less free now", amounts(r.per_node),
                       base::plural(r.nodes_ready, "node"), r.nodes_ready == 1 ? "has" : "have");
  }
  return fmt::format("needs {}{} with {} each; {} of {} ready have that now",
                     base::plural(r.nodes_needed, "node"), r.whole_nodes ? " for itself alone" : "",
                     amounts(r.per_node), r.nodes_fitting, base::plural(r.nodes_ready, "node"));
}

std::string ids_text(const std::vector<JobId>& jobs) {
  std::vector<std::string> ids;
  for (const auto job : jobs) ids.push_back(to_text(job));
  return fmt::format("job{} {}", ids.size() == 1 ? "" : "s", base::join(ids, ", "));
}

std::string holders_text(const std::vector<JobId>& holders) {
  return holders.empty() ? "" : "; in use by " + ids_text(holders);
}

/// What is wrong with a node.
std::string unfit_text(const std::string& unfit) {
  return unfit.empty() ? "" : "; " + unfit;
}

std::string booked(const Booked& r) {
  if (is_node_end(r.booking)) {
    return fmt::format(
        "could not end before the node that would be free does ({}), {}; ask for less "
        "--time, or wait for others",
        r.booking, to_text(r.from.value_or(r.until)));
  }
  if (!r.is_own) {
    return fmt::format("could not end before booking '{}' of its nodes begins, {}; it ends {}",
                       r.booking, to_text(r.from.value_or(r.until)), to_text(r.until));
  }
  if (!r.from) {
    return fmt::format("its booking '{}' is over; cancel it, or name another with muster update",
                       r.booking);
  }
  return fmt::format("waits for its booking '{}', from {} to {}", r.booking, to_text(*r.from),
                     to_text(r.until));
}

/// "n2 is drained by root (a fan is loud) until 2026-11-20T12:00:00Z".
std::string drained_text(const DrainedNode& node) {
  auto text = node.node + " is drained by " + node.by;
  if (!node.reason.empty()) text += " (" + node.reason + ")";
  if (node.until) text += " until " + to_text(*node.until);
  return text;
}

std::string_view who_is_there(const NodesAway& r) {
  const bool is_one = r.nodes_ready == 1;
  if (r.n_drained > 0) return is_one ? "takes work" : "take work";
  if (!r.unfit.empty()) return is_one ? "is fit for work" : "are fit for work";
  return is_one ? "is connected" : "are connected";
}

std::string away(const NodesAway& r) {
  std::vector<std::string> parts;
  for (const auto& node : r.drained) parts.push_back(drained_text(node));
  if (const auto n_more = r.n_drained - static_cast<int>(r.drained.size()); n_more > 0)
    parts.push_back(fmt::format("{} more {} drained", n_more, n_more == 1 ? "is" : "are"));
  if (!r.unfit.empty()) parts.push_back(r.unfit);
  if (r.unfit.empty() && r.nodes_ready + r.n_drained < r.nodes_needed)
    parts.emplace_back("waiting for nodes to come (back)");
  return fmt::format("needs {} and {} {}; {}", base::plural(r.nodes_needed, "node"), r.nodes_ready,
                     who_is_there(r), base::join(parts, "; "));
}

std::string coming(const NodesComing& r) {
  if (r.trouble.empty()) {
    return fmt::format("waits for {} of pool {} that {} being started{}",
                       base::plural(r.n_nodes, "node"), r.pool, r.n_nodes == 1 ? "is" : "are",
                       unfit_text(r.unfit));
  }
  const auto text = fmt::format("pool {} cannot get nodes: {}", r.pool, r.trouble);
  const auto next = r.retry_at ? "at " + to_text(*r.retry_at) : std::string("now");
  if (!r.is_stopped) return fmt::format("{}; tries again {}", text, next);
  return fmt::format("{}; it has stopped, and tries again {} or after muster pool {} resume", text,
                     next, r.pool);
}

std::string waits_for(const DependsOn& reason) {
  std::vector<std::string> terms;
  for (const auto& open : reason.terms) {
    const auto task = open.term.task ? fmt::format("_{}", *open.term.task) : "";
    terms.push_back(fmt::format("{} (job {}{} is {})", to_text(open.term), to_text(open.job), task,
                                to_text(open.state)));
  }
  const auto n_left = reason.n_terms - static_cast<int>(terms.size());
  if (n_left > 0) terms.push_back(fmt::format("{} more", n_left));
  return fmt::format("waits for {}{}", reason.is_any && reason.n_terms > 1 ? "one of " : "",
                     base::join(terms, ", "));
}

/// Whole periods have no holders: what was used is used.
std::string over_limit(const Quota& r) {
  auto text = fmt::format("the quota of {} is {}: {} used", r.whose,
                          amount_text(r.limit, r.resource), r.used);
  if (r.kept > 0) text += fmt::format(", {} kept for jobs that come first", r.kept);
  if (r.lent > 0) text += fmt::format(", {} lent to others", r.lent);
  if (r.asked > 0) text += fmt::format(", {} asked for", r.asked);
  text += holders_text(r.holders);
  if (r.until) text += "; enough is free by " + to_text(*r.until);
  return text;
}

}  // namespace

std::string_view kind_of(const Reason& reason) {
  return std::visit(
      base::Overloaded{[](const NotConsidered&) -> std::string_view { return "not_considered"; },
                       [](const Held&) -> std::string_view { return "held"; },
                       [](const ShortOfResources&) -> std::string_view { return "resources"; },
                       [](const NodesAway&) -> std::string_view { return "nodes_away"; },
                       [](const Behind&) -> std::string_view { return "behind"; },
                       [](const WouldDelay&) -> std::string_view { return "would_delay"; },
                       [](const BackOff&) -> std::string_view { return "back_off"; },
                       [](const Preempting&) -> std::string_view { return "preempting"; },
                       [](const BeginTime&) -> std::string_view { return "begin_time"; },
                       [](const DependsOn&) -> std::string_view { return "dependency"; },
                       [](const ArrayLimit&) -> std::string_view { return "array_limit"; },
                       [](const ShortOfLicenses&) -> std::string_view { return "licenses"; },
                       [](const Booked&) -> std::string_view { return "booked"; },
                       [](const Quota&) -> std::string_view { return "quota"; },
                       [](const NodesComing&) -> std::string_view { return "nodes_coming"; }},
      reason);
}

std::string describe(const Reason& reason) {
  return std::visit(
      base::Overloaded{
          [](const NotConsidered&) -> std::string {
            return "no scheduling pass has looked at it yet";
          },
          [](const Held& held) {
            return fmt::format("held by {}{}{}; release it with muster release", held.by,
                               held.why.empty() ? "" : ": ", held.why);
          },
          [](const ShortOfResources& r) {
            return shortage(r) + holders_text(r.holders) + unfit_text(r.undying) +
                   unfit_text(r.failing);
          },
          [](const NodesAway& r) { return away(r); },
          [](const Behind& r) {
            return fmt::format("behind job {}, which comes first", to_text(r.job));
          },
          [](const WouldDelay& r) {
            return fmt::format("fits now, but would delay job {}, which is to start by {}",
                               to_text(r.job), to_text(r.start));
          },
          [](const BackOff& r) {
            return fmt::format("starts again after {}, a pause after its last attempt: {}",
                               to_text(r.until), r.after);
          },
          [](const Preempting& r) {
            return fmt::format("{} {} being ended to make room for it, by {}", ids_text(r.victims),
                               r.victims.size() == 1 ? "is" : "are", to_text(r.until));
          },
          [](const BeginTime& r) { return "starts not before " + to_text(r.at); },
          [](const DependsOn& r) { return waits_for(r); },
          [](const ArrayLimit& r) {
            return fmt::format("{} of its array run, which is as many as may at a time",
                               base::plural(r.n_running, "task"));
          },
          [](const ShortOfLicenses& r) {
            return fmt::format("needs {} of license '{}'; {} of {} free now{}", r.needed, r.license,
                               r.free, r.all, holders_text(r.holders));
          },
          [](const Booked& r) { return booked(r); }, [](const Quota& r) { return over_limit(r); },
          [](const NodesComing& r) { return coming(r); }},
      reason);
}

}  // namespace model
