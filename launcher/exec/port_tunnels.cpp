#include "launcher/exec/port_tunnels.h"

#include <fmt/format.h>

#include <utility>

#include "lib/loop/address.h"
#include "lib/model/head_message.h"
#include "lib/wire/head.h"

namespace exec {

namespace {

// Programs listen at either, or at both.
constexpr const char* first_host = "127.0.0.1";
constexpr const char* second_host = "::1";

}  // namespace

void PortTunnels::open(loop::FrameStream stream, std::uint16_t port) {
  const int number = next_++;
  auto& guest = all_[number].guest.emplace(std::move(stream));
  guest.pause_reading();
  guest.on_end([this, number](const base::Result<void>&) { all_.erase(number); });
  dial(number, port, first_host);
}

void PortTunnels::dial(int number, std::uint16_t port, const std::string& host) {
  all_.at(number).connector = std::make_unique<loop::Connector>(
      loop_, loop::TcpAddress{.host = host, .port = port},
      [this, number, port, host](base::Result<loop::Stream> stream) {
        if (stream) return connected(number, std::move(*stream));
        if (host == first_host) return dial(number, port, second_host);
        refuse(number, fmt::format("nothing of the job listens at port {} of {} or {} there: {}",
                                   port, first_host, second_host, stream.error().text));
      });
}

void PortTunnels::connected(int number, loop::Stream stream) {
  auto& one = all_.at(number);
  (void)one.guest->send(wire::encode(model::HeadMessage(model::PortReply())));
  one.tunnel = std::make_unique<loop::Tunnel>(std::move(stream), *std::exchange(one.guest, {}),
                                              [this, number] { all_.erase(number); });
  one.tunnel->start();
}

/// It closes when it has read why.
void PortTunnels::refuse(int number, std::string why) {
  auto& guest = *all_.at(number).guest;
  (void)guest.send(wire::encode(model::HeadMessage(model::PortReply{std::move(why)})));
  guest.finish();
  guest.on_frame([](const std::string&) {});
  guest.resume_reading();
}

}  // namespace exec
