// join: makes this machine a node of a cluster, with a token that was made there.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "authority/commands.h"
#include "lib/base/text.h"
#include "lib/loop/clock.h"
#include "lib/loop/files.h"
#include "lib/loop/loop.h"
#include "lib/loop/tls.h"
#include "lib/pki/enrolment.h"
#include "lib/pki/folder.h"
#include "lib/pki/identity.h"
#include "lib/pki/token.h"

namespace authority {

namespace {

constexpr base::Duration between_tries = std::chrono::milliseconds(500);
constexpr base::Duration longest_wait = std::chrono::hours(24);

/// Of the node's folder where nobody says otherwise.
base::Result<std::string> node_dir(const Words& words) {
  if (words.text(dir_id)) return words.dir();
  if (::geteuid() == 0) return std::string("/var/lib/muster-agent");
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home == '\0') {
    return base::fail(base::Code::invalid,
                      "HOME is not set; name the folder of the node with --dir");
  }
  return std::string(home) + "/.local/state/muster-agent";
}

/// Asks, and waits for the answer.
base::Result<model::JoinReply> enrol(const pki::Token& token, const std::string& request) {
  const auto address = loop::parse_address("tls:" + token.address);
  if (!address) return std::unexpected(address.error());
  const auto context = loop::TlsContext::make(
      {.authority_fingerprint = token.fingerprint, .protocol = pki::join_protocol});
  if (!context) return std::unexpected(context.error());
  base::Result<model::JoinReply> result;
  loop::Loop loop;
  const pki::Enrolment enrolment(loop, std::get<loop::TlsAddress>(*address), *context,
                                 {.name = token.name, .secret = token.secret, .request = request},
                                 [&](base::Result<model::JoinReply> reply) {
                                   result = std::move(reply);
                                   loop.stop();
                                 });
  loop.run();
  return result;
}

/// Again and again while nobody answers: a controller that is just being started.
base::Result<model::JoinReply> enrol_within(base::Duration time, const pki::Token& token,
                                            const std::string& request) {
  const loop::Elapsed since;
  for (;;) {
    auto reply = enrol(token, request);
    const bool is_final = reply || reply.error().code == base::Code::denied ||
                          reply.error().code == base::Code::invalid;
    if (is_final || since.so_far() + between_tries > time) return reply;
    std::this_thread::sleep_for(between_tries);
  }
}

/// Options of muster-agent, for its --config.
std::string agent_config(const std::string& dir, const pki::Token& token, const std::string& pool) {
  return fmt::format(
      "# Options of muster-agent(8) on this machine; made by muster node join.\n"
      "dir = {}\ncontroller = tls:{}\nname = {}\npool = {}\n",
      dir, token.address, token.name, pool);
}

}  // namespace

Outcome join(const Words& words) {
  constexpr std::array mine{static_cast<int>(dir_id), static_cast<int>(wait_id)};
  if (auto fine = only(words, mine); !fine) return std::unexpected(std::move(fine).error());
  const auto wait = words.duration(wait_id, base::Duration(), base::Duration(), longest_wait);
  if (!wait) return std::unexpected(wait.error());
  auto text = words.operand("the token that muster node add printed");
  if (!text) return std::unexpected(std::move(text).error());
  if (*text == "-") std::getline(std::cin, *text);
  const auto token = pki::token_from_text(*text);
  if (!token) return std::unexpected(token.error());
  const auto dir = node_dir(words);
  if (!dir) return std::unexpected(dir.error());
  if (auto made = loop::make_directories(*dir, 0700); !made) {
    return std::unexpected(std::move(made).error());
  }
  const auto key = pki::make_key();
  const auto request = pki::make_request(key, token->name);
  if (!request) return std::unexpected(request.error());
  const auto reply = enrol_within(*wait, *token, *request);
  if (!reply) return std::unexpected(reply.error());
  const auto authority = pki::read_certificate(reply->authority);
  if (!authority || authority->fingerprint != token->fingerprint) {
    return base::fail(base::Code::denied,
                      "the controller gave another authority than the one that the token names");
  }
  const pki::Identity identity(*dir + "/identity");
  if (auto kept = identity.keep(token->name, key, *reply); !kept) {
    return std::unexpected(std::move(kept).error());
  }
  const auto config = *dir + "/agent.conf";
  if (auto written = loop::write_file_atomic(config, agent_config(*dir, *token, reply->pool),
                                             {.mode = 0644, .sync = true});
      !written) {
    return std::unexpected(std::move(written).error());
  }
  const auto certificate = identity.certificate();
  if (!certificate) return std::unexpected(certificate.error());
  return fmt::format(
      "This machine is {} of pool {}; its certificate is good until {} and renewed before.\n"
      "Start its agent: systemctl enable --now muster-agent, or: muster-agent --config {}\n",
      token->name, reply->pool, base::to_text(certificate->validity.until), config);
}

}  // namespace authority
