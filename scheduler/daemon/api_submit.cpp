// The requests that the core decides upon; each is answered when its fact is durable.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/text.h"
#include "lib/loop/address.h"
#include "scheduler/core/dependency.h"
#include "scheduler/daemon/api.h"
#include "scheduler/daemon/past_jobs.h"
#include "scheduler/daemon/submission.h"

namespace musterd {

namespace {

std::string nothing(const scheduler::Answer&) {
  return "{}";
}

/// Of machines that tell addresses which others cannot dial: the first two; empty: there are none.
std::string muddled(const scheduler::State& state, const std::vector<model::NodeShare>& nodes) {
  const auto& first = state.nodes.at(nodes.front().node).info;
  for (const auto& share : nodes) {
    const auto& info = state.nodes.at(share.node).info;
    if (info.boot_id == first.boot_id) continue;  // the same machine
    if (info.address != first.address && !loop::is_loopback(info.address) &&
        !loop::is_loopback(first.address)) {
      continue;
    }
    return "'" + first.name + "' and '" + info.name + "' are two machines, whose addresses are '" +
           first.address + "' and '" + info.address +
           "': tell their agents those that others reach (muster-agent --address)";
  }
  return {};
}

}  // namespace

/// Hands an input to the core and answers with what it came to.
void Api::decide(const http::Responder& responder, const Decide& input, Show show) {
  auto answer = responder;
  if (parts_.driver.failure()) return answer.fail(*parts_.driver.failure());
  if (parts_.is_going_down()) {
    return answer.fail({base::Code::unavailable, "the cluster is going down"});
  }
  const auto request = parts_.driver.new_request();
  parts_.requests.add(request, [answer, show = std::move(show)](
                                   const base::Result<scheduler::Answer>& result) mutable {
    if (!result) return answer.fail(result.error());
    auto text = show(*result);
    if (!text) return answer.fail(text.error());
    answer.send(json_response(*std::move(text)));
  });
  parts_.driver.submit(input(request));
}

void Api::submit(Ask ask) {
  auto spec = wire::job_spec_from_json(ask.request.body);
  if (!spec) return ask.responder.fail(spec.error());
  const auto fine = check_submission(*spec, parts_.config.limits.script);
  if (!fine) return ask.responder.fail(fine.error());
  const auto kept = std::make_shared<const model::JobSpec>(std::move(*spec));
  with_past(scheduler::parents_of(kept->dependency), ask.responder,
            [this, ask, kept](std::vector<model::PastJob> past) {
              submit_with(ask, kept, std::move(past));
            });
}

/// Goes on with what history knows of these jobs: those that the state has dropped are there.
void Api::with_past(const std::vector<model::JobId>& jobs, http::Responder responder,
                    std::function<void(std::vector<model::PastJob>)> go_on) {
  if (jobs.empty()) return go_on({});
  parts_.archive.ask([jobs](store::Reader& reader) { return past_jobs(reader, jobs); },
                     [responder = std::move(responder), go_on = std::move(go_on)](
                         base::Result<std::vector<model::PastJob>> past) mutable {
                       if (past) {
                         go_on(std::move(*past));
                       } else {
                         responder.fail(past.error());
                       }
                     });
}

void Api::submit_with(const Ask& ask, const std::shared_ptr<const model::JobSpec>& spec,
                      std::vector<model::PastJob> past) {
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::SubmitJob{request, ask.user, spec, std::move(past)};
      },
      [](const scheduler::Answer& answer) {
        const auto& submitted = std::get<scheduler::Submitted>(answer);
        return wire::to_json(wire::SubmitReply{submitted.job, submitted.notes});
      });
}

void Api::cancel(Ask ask) {
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::CancelJob{request, std::move(ask.user), ask.job, std::move(ask.tasks)};
      },
      nothing);
}

void Api::hold(Ask ask) {
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::HoldJob{request, std::move(ask.user), ask.job};
      },
      nothing);
}

void Api::release(Ask ask) {
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::ReleaseJob{request, std::move(ask.user), ask.job};
      },
      nothing);
}

void Api::requeue(Ask ask) {
  constexpr std::array<std::string_view, 1> known{"hold"};
  if (auto fine = check_parameters(ask.request, known); !fine)
    return ask.responder.fail(fine.error());
  const auto hold = flag_parameter(ask.request, "hold");
  if (!hold) return ask.responder.fail(hold.error());
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::RequeueJob{request, std::move(ask.user), ask.job, *hold};
      },
      nothing);
}

void Api::signal(Ask ask) {
  constexpr std::array<std::string_view, 1> known{"signal"};
  if (auto fine = check_parameters(ask.request, known); !fine)
    return ask.responder.fail(fine.error());
  const auto name = ask.request.parameter("signal");
  const auto number = name ? model::save_signal_from_text(*name) : std::nullopt;
  if (!number) {
    return ask.responder.fail(
        {base::Code::invalid, "signal '" + base::printable(name.value_or("")) +
                                  "': expected one that a program can handle, such as USR1"});
  }
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::SignalJob{request, std::move(ask.user), ask.job, *number};
      },
      nothing);
}

void Api::update(Ask ask) {
  auto change = wire::job_change_from_json(ask.request.body);
  if (!change) return ask.responder.fail(change.error());
  if (const auto fine = check_change(*change); !fine) return ask.responder.fail(fine.error());
  const auto kept = std::make_shared<const model::JobChange>(std::move(*change));
  with_past(scheduler::parents_of(kept->spec.dependency), ask.responder,
            [this, ask, kept](std::vector<model::PastJob> past) {
              decide(
                  ask.responder,
                  [&](scheduler::RequestId request) {
                    return scheduler::UpdateJob{request, ask.user, ask.job, kept, std::move(past)};
                  },
                  nothing);
            });
}

void Api::checkpoint(Ask ask) {
  decide(
      ask.responder,
      [&](scheduler::RequestId request) {
        return scheduler::CheckpointJob{request, std::move(ask.user), ask.job};
      },
      nothing);
}

/// Why a running job can have no steps for who asks at this node; empty: it can.
std::string Api::stepless(model::JobId id, const std::string& asked_at) const {
  const auto& state = parts_.driver.engine().state();
  const auto job = state.jobs.find(id);
  const auto* attempt = job == state.jobs.end() ? nullptr : scheduler::active_attempt(job->second);
  if (attempt == nullptr) return {};
  const auto& nodes = attempt->allocation.nodes;
  const auto is_machine = [this](const auto& share) { return parts_.is_machine(share.name); };
  const auto machine = std::ranges::find_if(nodes, is_machine);
  const auto local = std::ranges::find_if_not(nodes, is_machine);
  if (machine == nodes.end()) {
    if (asked_at.empty()) return {};
    return "job " + to_text(id) + " runs on the controller's machine, which '" + asked_at +
           "' does not reach";
  }
  if (local == nodes.end()) return muddled(state, nodes);
  return "'" + local->name + "' is a part of the controller's machine, which '" + machine->name +
         "' does not reach: a job with steps needs its nodes on one side (--partition)";
}

/// Where the head of the step is for who asks at this node; empty: at the controller's own socket.
base::Result<std::string> Api::step_reply(const model::LaunchKey& key,
                                          const std::string& asked_at) const {
  wire::StepReply reply{.step = *key.step,
                        .head_address = {},
                        .secret = parts_.access.secret(key),
                        .attempt = key.attempt,
                        .job = key.job};
  const auto& state = parts_.driver.engine().state();
  const auto job = state.jobs.find(key.job);
  const auto* attempt = job == state.jobs.end() ? nullptr : scheduler::active_attempt(job->second);
  if (attempt == nullptr || attempt->number != key.attempt || !attempt->steps.contains(*key.step)) {
    return base::fail(base::Code::conflict,
                      "job " + to_text(key.job) + " has ended while its step was to start");
  }
  const auto& tasks = attempt->steps.at(*key.step).tasks;
  const auto head = std::ranges::find_if(tasks, [](int n) { return n > 0; }) - tasks.begin();
  const auto& share = attempt->allocation.nodes[static_cast<std::size_t>(head)];
  std::optional<std::string> machine;
  if (parts_.is_machine(share.name)) machine = state.nodes.at(share.node).info.address;
  auto place = parts_.access.head_place(key, job->second.user.uid, machine);
  if (place.tls.empty() || share.name == asked_at) {
    reply.head_address = std::move(place.local);
  } else {
    reply.head_tls = std::move(place.tls);
  }
  return wire::to_json(reply);
}

void Api::start_step(Ask ask) {
  auto request = wire::step_request_from_json(ask.request.body);
  if (!request) return ask.responder.fail(request.error());
  const auto fine = check_step(request->spec);
  if (!fine) return ask.responder.fail(fine.error());
  if (auto why = stepless(ask.job, ask.request.via); !why.empty()) {
    return ask.responder.fail({base::Code::unavailable, std::move(why)});
  }
  auto kept = std::make_shared<const model::StepSpec>(std::move(request->spec));
  decide(
      ask.responder,
      [&](scheduler::RequestId id) {
        return scheduler::StartStep{.request = id,
                                    .user = std::move(ask.user),
                                    .job = ask.job,
                                    .attempt = request->attempt,
                                    .spec = std::move(kept)};
      },
      [this, asked_at = ask.request.via](const scheduler::Answer& answer) {
        return step_reply(std::get<model::LaunchKey>(answer), asked_at);
      });
}

/// The way to the terminal of a running step: of the one asked for, or of the last that has one.
void Api::attach(Ask ask) {
  constexpr std::array<std::string_view, 1> known{"step"};
  if (auto fine = check_parameters(ask.request, known); !fine)
    return ask.responder.fail(fine.error());
  const auto number = number_parameter(ask.request, "step", 0, UINT32_MAX);
  if (!number) return ask.responder.fail(number.error());
  const auto& jobs = parts_.driver.engine().state().jobs;
  const auto job = jobs.find(ask.job);
  const auto* attempt = job == jobs.end() ? nullptr : scheduler::active_attempt(job->second);
  if (attempt == nullptr)
    return ask.responder.fail({base::Code::not_found, "job " + to_text(ask.job) + " does not run"});
  if (ask.user.uid != job->second.user.uid && ask.user.uid != 0) {
    return ask.responder.fail(
        {base::Code::denied, "job " + to_text(ask.job) + " belongs to " + job->second.user.name});
  }
  const auto found =
      std::find_if(attempt->steps.rbegin(), attempt->steps.rend(), [&number](const auto& entry) {
        const auto& [id, step] = entry;
        return (!*number || id.number() == static_cast<std::uint32_t>(**number)) &&
               step.spec->terminal && std::ranges::any_of(step.parts, &scheduler::Part::is_live);
      });
  if (found == attempt->steps.rend()) {
    return ask.responder.fail(
        {base::Code::not_found, "job " + to_text(ask.job) +
                                    " has no such step that runs on a terminal "
                                    "(muster run --pty)"});
  }
  if (auto why = stepless(ask.job, ask.request.via); !why.empty()) {
    return ask.responder.fail({base::Code::unavailable, std::move(why)});
  }
  const model::LaunchKey key{ask.job, attempt->number, found->first};
  auto reply = step_reply(key, ask.request.via);
  if (!reply) return ask.responder.fail(reply.error());
  ask.responder.send(json_response(*std::move(reply)));
}

}  // namespace musterd
