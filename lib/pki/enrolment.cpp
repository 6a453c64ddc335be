#include "lib/pki/enrolment.h"

#include <chrono>
#include <utility>

#include "lib/wire/join.h"

namespace pki {

namespace {

constexpr std::size_t frame_limit = std::size_t{1} << 20;
constexpr base::Duration answer_limit = std::chrono::seconds(30);

}  // namespace

Enrolment::Enrolment(loop::Loop& loop, const loop::TlsAddress& controller,
                     const std::shared_ptr<const loop::ShieldMaker>& tls,
                     const model::JoinRequest& request, Done done)
    : done_(std::move(done)),
      limit_(loop,
             [this] {
               finish(base::fail(base::Code::unavailable, "the controller does not answer"));
             }),
      connector_(
          loop, controller,
          [this, request](base::Result<loop::Stream> stream) {
            connected(std::move(stream), request);
          },
          tls) {
  limit_.start(answer_limit);
}

void Enrolment::connected(base::Result<loop::Stream> stream, const model::JoinRequest& request) {
  if (!stream) return finish(std::unexpected(stream.error()));
  stream_.emplace(*std::move(stream), frame_limit);
  stream_->on_end([this](base::Result<void> end) {
    finish(end ? base::fail(base::Code::unavailable, "the controller closed the connection")
               : std::unexpected(std::move(end).error()));
  });
  stream_->on_frame([this](const std::string& frame) { answered(frame); });
  if (auto sent = stream_->send(wire::encode(request)); !sent) {
    finish(std::unexpected(std::move(sent).error()));
  }
}

void Enrolment::answered(const std::string& frame) {
  auto reply = wire::decode_join_reply(frame);
  if (reply && !reply->why.empty()) {
    return finish(base::fail(base::Code::denied, "the controller refuses: " + reply->why));
  }
  finish(std::move(reply));
}

void Enrolment::finish(base::Result<model::JoinReply> result) {
  const auto done = std::exchange(done_, nullptr);
  if (done) done(std::move(result));
}

}  // namespace pki
