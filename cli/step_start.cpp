#include "cli/step_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "cli/terminal.h"
#include "lib/base/time.h"
#include "lib/loop/address.h"
#include "lib/loop/psk_module.h"
#include "lib/model/launch.h"

namespace cli {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration dial_limit = 60s;  // the head may start on a busy node
constexpr base::Duration eager_time =
    100ms;  // a launcher is usually there after a few milliseconds
constexpr base::Duration eager_pause = 1ms;
constexpr base::Duration patient_pause = 10ms;
constexpr base::Duration first_pause = 20ms;  // between questions whether cores are free
constexpr base::Duration longest_pause = 500ms;

base::Duration next_pause(base::Duration waited) {
  return waited < eager_time ? eager_pause : patient_pause;
}

/// The first answer said that others have the cores: asks now and then whether they still do.
Try<std::string> ask_until_free(const Api& api, const std::string& target, const std::string& body,
                                Try<std::string> answer) {
  base::Duration pause = first_pause;
  bool has_told = false;
  while (!answer && answer.error().is_for_now) {
    if (pause == longest_pause && !std::exchange(has_told, true))
      print_error(fmt::format("muster: waiting: {}\n", answer.error().text));
    sleep_for(pause);
    pause = std::min(2 * pause, longest_pause);
    answer = api.post_once(target, body);
  }
  return answer;
}

}  // namespace

model::LaunchKey key_of(const wire::StepReply& reply) {
  return {reply.job, reply.attempt, reply.step};
}

Try<model::JobRecord> started_job(const Api& api, const JobName& job) {
  const auto answer = api.get(job_target(job));
  if (!answer) return std::unexpected(answer.error());
  auto record = wire::job_record_from_json(*answer);
  if (!record) return refuse(record.error());
  if (record->attempt == 0) {
    return refuse(fmt::format("job {} has not started yet; muster why {} says why", to_text(job),
                              to_text(job)));
  }
  return *std::move(record);
}

Try<wire::StepReply> start_step(const Api& api, model::JobId job, std::uint32_t attempt,
                                model::StepSpec step) {
  const bool waits = step.exact;
  const auto body = wire::to_json(wire::StepRequest{attempt, std::move(step)});
  if (!body) return refuse(body.error());
  auto answer = api.post_once(job_target({job}, "/steps"), *body);
  if (waits) answer = ask_until_free(api, job_target({job}, "/steps"), *body, std::move(answer));
  if (!answer) return std::unexpected(answer.error());
  auto reply = wire::step_reply_from_json(*answer);
  if (!reply) return refuse(reply.error());
  reply->head_address = model::on_node(reply->head_address, api.cluster().paths.dir);
  return *std::move(reply);
}

base::Result<loop::PatientConnector::Options> way_to_head(const wire::StepReply& reply) {
  loop::PatientConnector::Options options{
      .addresses = {}, .limit = dial_limit, .pause = next_pause, .tls = nullptr};
  const bool is_near = !reply.head_address.empty();
  for (const auto& text : is_near ? std::vector{reply.head_address} : reply.head_tls) {
    auto address = loop::parse_address(text);
    if (!address) return std::unexpected(std::move(address).error());
    options.addresses.push_back(*std::move(address));
  }
  if (is_near) return options;
  auto tls = loop::load_psk({.identity = to_text(key_of(reply)), .secret = reply.secret});
  if (!tls) return std::unexpected(std::move(tls).error());
  options.tls = *std::move(tls);
  return options;
}

}  // namespace cli
