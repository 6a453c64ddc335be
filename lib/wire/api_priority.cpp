// The terms of priorities.

#include "lib/wire/api.h"
#include "lib/wire/api_convert.h"
#include "lib/wire/shared.h"

namespace wire {

namespace {

void write(const model::PriorityTerms& terms, api::PriorityTerms& out) {
  out.set_job(terms.job.number());
  out.set_alike(static_cast<std::uint32_t>(terms.n_alike));
  out.set_user(terms.user);
  out.set_workspace(terms.workspace);
  out.set_class_(terms.class_name);
  out.set_base(terms.base);
  out.set_own(terms.own);
  wire::write(terms.wait, *out.mutable_wait());
  wire::write(terms.predicted, *out.mutable_predicted());
  out.set_overdue(terms.is_overdue);
  out.set_use(terms.use);
  out.set_due(terms.due);
  out.set_fair_share(terms.fair_share);
  out.set_size(terms.size);
  out.set_rank(terms.rank);
}

model::PriorityTerms read_terms(api::PriorityTerms& in, Strict& strict) {
  return {.job = model::JobId(strict.from_one(in.job(), "job")),
          .n_alike = in.alike(),
          .user = take(in.mutable_user()),
          .workspace = take(in.mutable_workspace()),
          .class_name = take(in.mutable_class_()),
          .base = in.base(),
          .own = in.own(),
          .wait = strict.part("wait", in.wait(), read_duration),
          .predicted = strict.part("predicted", in.predicted(), read_duration),
          .is_overdue = in.overdue(),
          .use = in.use(),
          .due = in.due(),
          .fair_share = in.fair_share(),
          .size = in.size(),
          .rank = in.rank()};
}

}  // namespace

std::string to_json(std::span<const model::PriorityTerms> priorities) {
  api::PriorityList out;
  for (const auto& terms : priorities) write(terms, *out.add_jobs());
  return print_json(out);
}

base::Result<std::vector<model::PriorityTerms>> priorities_from_json(std::string_view json) {
  return from_json<api::PriorityList>(json, "priorities", base::Code::corrupt,
                                      [](api::PriorityList& in, Strict& strict) {
                                        return strict.each("jobs", *in.mutable_jobs(), read_terms);
                                      });
}

}  // namespace wire
