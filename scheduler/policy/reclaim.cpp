#include "scheduler/policy/reclaim.h"

#include <algorithm>

namespace policy {

using scheduler::Job;
using scheduler::Loan;

namespace {

scheduler::Claims held_by(const scheduler::View& view, const Job& job) {
  return scheduler::claims_of(view.state, scheduler::active_attempt(job)->allocation);
}

bool has_borrowed(const scheduler::View& view, const scheduler::Ledger& ledger, const Job& job,
                  const std::vector<Loan>& loans) {
  const auto claims = held_by(view, job);
  return std::ranges::any_of(
      loans, [&](const Loan& loan) { return ledger.has_borrowed(job, claims, loan); });
}

}  // namespace

Reclaim::Reclaim(const scheduler::View& view, const scheduler::Ledger& ledger, const Job& job,
                 base::Time start)
    : view_(view), ledger_(ledger), job_(job) {
  for (const auto& [when, returns] : view.state.expected_ends) {
    if (when.at > start) break;
    for (const auto& each : returns) {
      // One that grows takes it again.
      if (!scheduler::is_growing(view.state.jobs.at(each.job))) over_by_then_.insert(each.job);
    }
  }
  for (const auto id : over_by_then_) {
    const auto& over = view.state.jobs.at(id);
    ledger_.give_back(over, held_by(view, over));
  }
}

void Reclaim::set_gone(const Job& victim, bool is_gone) {
  if (over_by_then_.contains(victim.id)) return;
  const auto claims = held_by(view_, victim);
  is_gone ? ledger_.give_back(victim, claims) : ledger_.take(victim, claims);
}

bool Reclaim::allows(const scheduler::Claims& claims, base::Time end) const {
  return !ledger_.check(job_, claims, end);
}

bool Reclaim::takes_back(const Job& victim, const std::vector<Loan>& loans) const {
  return has_borrowed(view_, ledger_, victim, loans);
}

std::vector<const Job*> borrowers(const scheduler::View& view, const scheduler::Ledger& ledger,
                                  const std::vector<Loan>& loans) {
  std::vector<const Job*> found;
  if (loans.empty()) return found;
  const auto& quotas = view.state.tally.quotas();
  for (const auto& [name, jobs] : view.state.active_by_class) {
    if (!quotas.may_be_taken_back(view.classes.of(name))) continue;
    for (const auto id : jobs) {
      const auto& job = view.state.jobs.at(id);
      const bool is_ending = std::holds_alternative<scheduler::Ending>(job.phase);
      if (is_ending || !has_borrowed(view, ledger, job, loans)) continue;
      // However often it made room: it runs by nothing else than loans.
      if (quotas.may_be_taken_back(job) || ledger.needs_loan(job, held_by(view, job)))
        found.push_back(&job);
    }
  }
  return found;
}

}  // namespace policy
