// Questions about jobs: answered from the state, and from history for those it has dropped.

#include <array>
#include <utility>

#include "scheduler/core/record.h"
#include "scheduler/daemon/api.h"
#include "scheduler/daemon/job_list.h"
#include "scheduler/daemon/log_sources.h"
#include "scheduler/daemon/submission.h"

namespace musterd {

namespace {

using base::Code;
using base::fail;
using FoundRow = base::Result<std::optional<store::HistoryRow>>;

std::unexpected<base::Error> no_job(model::JobId job) {
  return fail(Code::not_found, "there is no job " + to_text(job));
}

base::Result<LogQuery> log_query(const http::Request& request) {
  constexpr std::array<std::string_view, 10> known{"rank",        "step", "attempt", "offset",
                                                   "follow",      "map",  "stacks",  "usage",
                                                   "preparation", "node"};
  if (auto fine = check_parameters(request, known); !fine) {
    return std::unexpected(std::move(fine).error());
  }
  const auto rank = number_parameter(request, "rank", 0, INT32_MAX);
  const auto step = number_parameter(request, "step", 0, UINT32_MAX);
  const auto attempt = number_parameter(request, "attempt", 1, UINT32_MAX);
  const auto offset = number_parameter(request, "offset", 0, INT64_MAX);
  const auto follow = flag_parameter(request, "follow");
  if (!follow) return std::unexpected(follow.error());
  const auto map = flag_parameter(request, "map");
  if (!map) return std::unexpected(map.error());
  const auto stacks = flag_parameter(request, "stacks");
  if (!stacks) return std::unexpected(stacks.error());
  const auto usage = flag_parameter(request, "usage");
  if (!usage) return std::unexpected(usage.error());
  const auto preparation = flag_parameter(request, "preparation");
  if (!preparation) return std::unexpected(preparation.error());
  for (const auto* number : {&rank, &step, &attempt, &offset}) {
    if (!*number) return std::unexpected(number->error());
  }
  LogQuery query{.follow = *follow, .map = *map, .stacks = *stacks, .usage = *usage};
  if (*map && *rank) return fail(Code::invalid, "a map is of all ranks; leave out rank");
  if (*stacks && (*rank || *map))
    return fail(Code::invalid, "stacks are of all ranks, and no map; leave out rank and map");
  if (*usage && request.query.size() > 1)
    return fail(Code::invalid, "what a job uses now is that of all that runs; usage stands alone");
  if (*preparation && (*rank || *step || *map || *stacks || *offset))
    return fail(Code::invalid,
                "a preparation has no ranks and no steps, and is read from its beginning; leave "
                "out rank, step, map, stacks and offset");
  query.preparation = *preparation;
  if (const auto node = request.parameter("node")) query.node = *node;
  if (!query.node.empty() && !query.preparation)
    return fail(Code::invalid, "node is for the log of a preparation; give preparation=true too");
  if (*rank) query.rank = static_cast<int>(**rank);
  if (*step) query.step = model::StepId(static_cast<std::uint32_t>(**step));
  if (*attempt) query.attempt = static_cast<std::uint32_t>(**attempt);
  if (*offset) query.offset = static_cast<std::uint64_t>(**offset);
  return query;
}

}  // namespace

bool Api::may_read(const model::User& user, const model::User& owner) const {
  return user.uid == owner.uid || user.uid == 0 || user.uid == parts_.owner_uid;
}

void Api::jobs(Ask ask) {
  auto query = job_query(ask.request.query);
  if (!query) return ask.responder.fail(query.error());
  auto live = live_jobs(parts_.driver.engine(), *query);
  parts_.archive.ask([query = std::move(*query), live = std::move(live)](
                         store::Reader& reader) { return job_page(reader, query, live); },
                     [responder = ask.responder](base::Result<std::string> page) mutable {
                       if (page) {
                         responder.send(json_response(std::move(*page)));
                       } else {
                         responder.fail(page.error());
                       }
                     });
}

void Api::priorities(Ask ask) {
  auto& driver = parts_.driver;
  ask.responder.send(json_response(wire::to_json(driver.engine().priorities(driver.now()))));
}

void Api::quotas(Ask ask) {
  auto& driver = parts_.driver;
  ask.responder.send(json_response(wire::to_json(driver.engine().quotas(ask.user, driver.now()))));
}

namespace {

void give_advice(http::Responder responder, const base::Result<model::Advice>& advice) {
  if (advice) {
    responder.send(json_response(wire::to_json(*advice)));
  } else {
    responder.fail(advice.error());
  }
}

}  // namespace

/// What would become of a submission, without submitting.
void Api::advice(Ask ask) {
  const auto spec = wire::job_spec_from_json(ask.request.body);
  if (!spec) return ask.responder.fail(spec.error());
  const auto fine = check_submission(*spec, parts_.config.limits.script);
  if (!fine) return ask.responder.fail(fine.error());
  auto& driver = parts_.driver;
  give_advice(ask.responder, driver.engine().advise(ask.user, *spec, driver.now()));
}

void Api::job_advice(Ask ask) {
  auto& driver = parts_.driver;
  give_advice(ask.responder, driver.engine().advise(ask.job, driver.now()));
}

void Api::job(Ask ask) {
  constexpr std::array<std::string_view, 1> known{"wait"};
  if (auto fine = check_parameters(ask.request, known); !fine) {
    return ask.responder.fail(fine.error());
  }
  const auto wait = flag_parameter(ask.request, "wait");
  if (!wait) return ask.responder.fail(wait.error());
  const auto& jobs = parts_.driver.engine().state().jobs;
  const auto found = jobs.find(ask.job);
  if (const auto* array = pending_array(ask)) {
    if (!*wait) return answer_task(ask);
    return parts_.waits.add_task(array->id, ask.job, ask.responder, [this, ask] { job(ask); });
  }
  const auto answer = [this, ask] {
    if (ask.task) return answer_task(ask);
    answer_record(ask.job, ask.responder);
  };
  if (!*wait || found == jobs.end()) return answer();
  if (is_final(state_of(found->second))) {
    parts_.driver.when_durable(answer);
  } else {
    parts_.waits.add(ask.job, JobWaits::For::end, ask.responder, answer);
  }
}

void Api::answer_record(model::JobId job, const http::Responder& responder) {
  auto answer = responder;
  const auto& engine = parts_.driver.engine();
  const auto live = engine.state().jobs.find(job);
  if (live != engine.state().jobs.end()) {
    return answer.send(json_response(wire::to_json(engine.record_of(live->second))));
  }
  parts_.archive.ask([job](store::Reader& reader) { return reader.find_job(job); },
                     [job, answer](FoundRow row) mutable {
                       if (!row) {
                         answer.fail(row.error());
                       } else if (!*row) {
                         answer.fail(no_job(job).error());
                       } else {
                         answer.send(json_response(std::move((*row)->record)));
                       }
                     });
}

void Api::script(Ask ask) {
  const auto& jobs = parts_.driver.engine().state().jobs;
  const auto found = jobs.find(ask.job);
  if (found == jobs.end()) {
    return ask.responder.fail({Code::not_found, "there is no job " + to_text(ask.job) +
                                                    ", or it ended so long ago that its script is "
                                                    "not kept any more"});
  }
  if (!may_read(ask.user, found->second.user)) {
    return ask.responder.fail(
        {Code::denied, "job " + to_text(ask.job) + " belongs to " + found->second.user.name});
  }
  ask.responder.send({.content_type = "text/plain; charset=utf-8",
                      .body = found->second.spec->script,
                      .headers = {}});
}

void Api::logs(Ask ask) {
  const auto query = log_query(ask.request);
  if (!query) return ask.responder.fail(query.error());
  const auto responder = ask.responder;
  const auto job = ask.job;
  with_record(job, responder, [this, ask = std::move(ask)](const model::JobRecord& record) {
    open_logs(record, ask);
  });
}

/// Goes on with the job's record, from the state or from history.
void Api::with_record(model::JobId job, http::Responder responder,
                      std::function<void(const model::JobRecord&)> go_on) {
  const auto& engine = parts_.driver.engine();
  const auto live = engine.state().jobs.find(job);
  if (live != engine.state().jobs.end()) return go_on(engine.record_of(live->second));
  parts_.archive.ask(
      [job](store::Reader& reader) -> base::Result<model::JobRecord> {
        const auto row = reader.find_job(job);
        if (!row) return std::unexpected(row.error());
        if (!*row) return no_job(job);
        return wire::job_record_from_json((*row)->record);
      },
      [responder = std::move(responder),
       go_on = std::move(go_on)](const base::Result<model::JobRecord>& record) mutable {
        if (record) {
          go_on(*record);
        } else {
          responder.fail(record.error());
        }
      });
}

void Api::open_logs(const model::JobRecord& record, const Ask& ask) {
  auto responder = ask.responder;
  if (!may_read(ask.user, record.user)) {
    return responder.fail(
        {Code::denied, "job " + to_text(record.job) + " belongs to " + record.user.name});
  }
  const auto query = *log_query(ask.request);
  const bool is_of_script = !query.preparation && !query.step && !query.rank && !query.attempt;
  const bool is_early = record.attempt == 0 || (is_of_script && !is_script_due(record));
  if (query.follow && is_early && !is_final(record.state)) {
    return parts_.waits.add(record.job, JobWaits::For::start, responder,
                            [this, ask] { logs(ask); });
  }
  auto sources = log_sources(record, query, parts_.driver.engine().state());
  if (!sources) return responder.fail(sources.error());
  // The order to start comes before the question for the log.
  parts_.driver.when_durable([this, sources = std::move(*sources), query, responder] {
    parts_.logs.open(sources, query.follow, responder);
  });
}

}  // namespace musterd
