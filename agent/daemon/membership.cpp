#include "agent/daemon/membership.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/loop/clock.h"
#include "lib/loop/loop.h"
#include "lib/pki/folder.h"

namespace agentd {

namespace {

using namespace std::chrono_literals;

constexpr base::Duration rarest_look = 1h;
constexpr base::Duration most_frequent_look = 1s;
constexpr int looks_in_a_life = 20;

}  // namespace

base::Result<std::unique_ptr<Membership>> Membership::open(loop::Loop& loop, const Options& options,
                                                           const loop::Log& log) {
  std::unique_ptr<Membership> membership(new Membership(loop, options, log));
  if (!membership->identity_.exists()) {
    return base::fail(base::Code::not_found,
                      "there is no certificate in '" + options.folder +
                          "': on the controller's machine make a token with muster node add, then "
                          "here give it to muster node join");
  }
  if (auto read = membership->read(); !read) return std::unexpected(std::move(read).error());
  auto watch =
      loop::FileWatch::open(loop, membership->identity_.node_file(), [raw = membership.get()] {
        if (const auto read = raw->read(); !read) {
          raw->log_.error("certificate_not_read", {{"why", read.error().text}});
        }
      });
  if (!watch) return std::unexpected(std::move(watch).error());
  membership->watch_.emplace(*std::move(watch));
  membership->look_timer_.start(base::Duration());
  return membership;
}

Membership::Membership(loop::Loop& loop, Options options, const loop::Log& log)
    : loop_(loop),
      options_(std::move(options)),
      log_(log),
      identity_(options_.folder),
      look_timer_(loop, [this] { look(); }) {}

/// What is in the folder is what the next connection shows.
base::Result<void> Membership::read() {
  auto certificate = identity_.certificate();
  if (!certificate) return std::unexpected(std::move(certificate).error());
  if (certificate->name != options_.name) {
    return base::fail(base::Code::invalid, "the certificate in '" + options_.folder +
                                               "' is that of '" + certificate->name +
                                               "', not of '" + options_.name + "'");
  }
  if (auto loaded = load(context_, pki::agent_protocol); !loaded) return loaded;
  if (auto loaded = load(api_context_, pki::api_protocol); !loaded) return loaded;
  certificate_ = *std::move(certificate);
  return {};
}

base::Result<void> Membership::load(std::shared_ptr<loop::TlsContext>& context,
                                    const char* protocol) const {
  const auto tls = identity_.options(protocol);
  if (!tls) return std::unexpected(tls.error());
  if (context) return context->reload(*tls);
  auto made = loop::TlsContext::make(*tls);
  if (!made) return std::unexpected(made.error().in(options_.folder));
  context = *std::move(made);
  return {};
}

base::Duration Membership::until_next_look() const {
  const auto life = certificate_.validity.until - certificate_.validity.from - pki::clock_skew;
  return std::clamp(life / looks_in_a_life, most_frequent_look, rarest_look);
}

void Membership::look() {
  look_timer_.start(until_next_look());
  const auto now = loop::now();
  if (enrolment_ || !pki::is_to_renew(certificate_.validity, now)) return;
  if (const auto asked = ask(); !asked) answered({}, std::unexpected(asked.error()));
}

/// With a key of its own for each certificate.
base::Result<void> Membership::ask() {
  const auto tls = identity_.options(pki::join_protocol);
  if (!tls) return std::unexpected(tls.error());
  const auto context = loop::TlsContext::make(*tls);
  if (!context) return std::unexpected(context.error());
  const auto key = pki::make_key();
  const auto request = pki::make_request(key, options_.name);
  if (!request) return std::unexpected(request.error());
  enrolment_.emplace(
      loop_, options_.controller, *context,
      model::JoinRequest{.name = options_.name, .secret = {}, .request = *request},
      [this, key](const base::Result<model::JoinReply>& reply) { answered(key, reply); });
  return {};
}

base::Result<void> Membership::take(const std::string& key,
                                    const base::Result<model::JoinReply>& reply) {
  if (!reply) return std::unexpected(reply.error());
  if (auto kept = identity_.keep(options_.name, key, *reply); !kept) return kept;
  return read();
}

void Membership::answered(const std::string& key, const base::Result<model::JoinReply>& reply) {
  const auto taken = take(key, reply);
  enrolment_.reset();
  const auto until = base::to_text(certificate_.validity.until);
  if (taken) {
    last_problem_.clear();
    log_.info("certificate_renewed", {{"until", until}});
    return;
  }
  if (std::exchange(last_problem_, taken.error().text) == taken.error().text) return;
  const bool is_over = certificate_.validity.until <= loop::now();
  log_.error(is_over ? "certificate_expired" : "certificate_not_renewed",
             {{"until", until}, {"why", taken.error().text}});
}

}  // namespace agentd
