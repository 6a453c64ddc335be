#pragma once
// An agent that a test plays.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lib/base/overloaded.h"
#include "lib/loop/clock.h"
#include "lib/loop/frame_stream.h"
#include "lib/loop/stream.h"
#include "lib/wire/agent.h"
#include "tests/support/catch.h"

namespace daemon_test {

inline model::NodeInfo node_info(const std::string& name, int cores) {
  model::NodeInfo info{.name = name,
                       .pool = "default",
                       .hostname = "host",
                       .address = "127.0.0.1",
                       .boot_id = "boot-1",
                       .kernel = "6.1",
                       .version = "0.1.0",
                       .topology = {}};
  info.topology.numa.push_back({.os_index = 0, .memory = base::Bytes(1 << 30)});
  for (int core = 0; core < cores; ++core) {
    info.topology.cores.push_back(
        {.package = 0, .numa = 0, .cpus = model::CpuSet::range(core, core + 1)});
  }
  info.topology.memory = base::Bytes(1 << 30);
  return info;
}

/// An agent that keeps what it is told and says what the test tells it to.
class FakeAgent {
 public:
  FakeAgent(loop::Loop& loop, const std::string& socket, const std::string& name, int cores)
      : FakeAgent(loop, loop::Address(loop::UnixAddress{socket}), nullptr, node_info(name, cores)) {
  }
  /// With a certificate, over TLS.
  FakeAgent(loop::Loop& loop, const loop::Address& address,
            const std::shared_ptr<const loop::ShieldMaker>& tls, model::NodeInfo info)
      : hello{.info = std::move(info), .launches = {}},
        connector_(
            loop, address,
            [this](base::Result<loop::Stream> stream) {
              if (!stream) why_closed = stream.error().text;
              REQUIRE(stream.has_value());
              stream_.emplace(std::move(*stream));
              stream_->on_end([this](const base::Result<void>& end) {
                is_closed = true;
                if (!end) why_closed = end.error().text;
              });
              stream_->on_frame([this](const std::string& frame) { take(frame); });
              if (says_hello) say(hello);
            },
            tls) {}

  void say(const model::FromAgent& message) { send(wire::encode(message)); }
  void send(const std::string& bytes) { REQUIRE(stream_->send(bytes).has_value()); }
  void end(const model::LaunchKey& key, int exit_code) {
    model::LaunchReport report{.key = key,
                               .started_at = loop::now(),
                               .ended_at = loop::now(),
                               .exit_code = exit_code,
                               .failure = {},
                               .usage = {},
                               .ranks = {}};
    if (exit_code != 0) report.failure = model::Failure{.code = exit_code, .node = hello.info.name};
    say(model::ReportEnded{report});
  }
  bool is_connected() const { return stream_.has_value(); }
  bool is_admitted() const { return welcome.has_value(); }

  model::AgentHello hello;
  bool says_hello = true;
  bool is_closed = false;
  std::string why_closed;
  bool runs_launches = false;  // reports start and end of each by itself
  std::optional<model::Welcome> welcome;
  std::optional<model::Refused> refused;
  std::vector<model::LaunchOrder> orders;
  std::vector<model::LaunchKey> stops;
  std::vector<model::LaunchKey> saves;
  std::vector<model::LaunchKey> acknowledged;
  std::vector<model::LogRead> reads;
  std::vector<std::uint32_t> cancelled_reads;
  std::vector<model::CheckNode> checks;
  std::vector<std::uint32_t> node_logs;
  bool told_to_exit = false;

 private:
  void take(const std::string& frame) {
    auto message = wire::decode_to_agent(frame);
    REQUIRE(message.has_value());
    std::visit(
        base::Overloaded{[&](const model::Welcome& m) { welcome = m; },
                         [&](const model::Refused& m) { refused = m; },
                         [&](const model::Launch& m) { launch(m.order); },
                         [&](const model::Stop& m) { stops.push_back(m.key); },
                         [&](const model::Save& m) { saves.push_back(m.key); },
                         [&](const model::Acknowledge& m) { acknowledged.push_back(m.key); },
                         [&](const model::LogRead& m) { reads.push_back(m); },
                         [&](const model::LogCancel& m) { cancelled_reads.push_back(m.request); },
                         [&](const model::CheckNode& m) { checks.push_back(m); },
                         [&](const model::NodeLogRead& m) { node_logs.push_back(m.request); },
                         [&](const model::ShutDown&) { told_to_exit = true; }},
        *message);
  }
  void launch(const model::LaunchOrder& order) {
    orders.push_back(order);
    if (!runs_launches) return;
    say(model::ReportStarted{order.key});
    end(order.key, 0);
  }

  loop::Connector connector_;
  std::optional<loop::FrameStream> stream_;
};

}  // namespace daemon_test
