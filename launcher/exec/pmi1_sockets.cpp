#include "launcher/exec/pmi1_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "launcher/map/step_nodes.h"
#include "lib/base/overloaded.h"

namespace exec {

namespace {

// Shell scripts use the numbers below for their own files.
constexpr int lowest_inherited = 10;

/// Equal on all nodes and different for each attempt. MPICH calls shared memory by it, which other
/// users see: it has a part of the step's secret that opens nothing by itself.
std::string kvs_name_of(const model::LaunchOrder& order) {
  const auto n_digits = std::min<std::size_t>(order.secret.size(), 16);
  return "muster." + to_text(order.key) + "." + order.secret.substr(order.secret.size() - n_digits);
}

pmi1::Setup pmi1_setup_of(const model::LaunchOrder& order) {
  pmi1::Setup setup{.kvs_name = kvs_name_of(order), .ranks_of_nodes = {}, .node = 0};
  for (const auto& node : mapping::step_nodes(order)) {
    if (node.index == order.node_index) setup.node = setup.ranks_of_nodes.size();
    setup.ranks_of_nodes.push_back(node.ranks);
  }
  return setup;
}

}  // namespace

Pmi1Sockets::Pmi1Sockets(loop::Loop& loop, const model::LaunchOrder& order, RankEvents events)
    : loop_(loop), order_(order), events_(std::move(events)) {}

base::Result<loop::OwnedFd> Pmi1Sockets::open(int rank) {
  if (!model::offers_pmi1(order_.step->start_up)) return loop::OwnedFd();
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail_errno(errno, "cannot make a socket for PMI-1");
  }
  auto socket = std::make_unique<Socket>();
  socket->rank = rank;
  socket->fd = loop::OwnedFd(ends[0]);
  const loop::OwnedFd low(ends[1]);
  loop::OwnedFd theirs(fcntl(low.get(), F_DUPFD_CLOEXEC, lowest_inherited));
  if (!theirs) return base::fail_errno(errno, "cannot make a socket for PMI-1");
  socket->watch = std::make_unique<loop::FdWatch>(
      loop_, ends[0], loop::FdWatch::Direction::read,
      [this, raw = socket.get()] { (void)read_piece(*raw); });  // the next turn reads on
  socket->watch->start();
  sockets_.push_back(std::move(socket));
  return theirs;
}

/// False when nothing more can be read now; then the watch ends with the stream.
bool Pmi1Sockets::read_piece(Socket& socket) {
  std::array<char, pmi1::line_limit> piece{};
  for (;;) {
    const ssize_t n_bytes = recv(socket.fd.get(), piece.data(), piece.size(), 0);
    if (n_bytes > 0) {
      receive(socket.rank, {piece.data(), static_cast<std::size_t>(n_bytes)});
      return true;
    }
    if (n_bytes < 0 && errno == EINTR) continue;
    if (n_bytes < 0 && errno == EAGAIN) return false;
    socket.watch.reset();
    if (server_) server_->closed(socket.rank);
    carry_out();
    return false;
  }
}

Pmi1Sockets::Socket& Pmi1Sockets::socket_of(int rank) {
  return **std::ranges::lower_bound(sockets_, rank, {},
                                    [](const auto& socket) { return socket->rank; });
}

void Pmi1Sockets::receive(int rank, std::string_view bytes) {
  if (!server_) server_.emplace(pmi1_setup_of(order_));
  server_->receive(rank, bytes);
  carry_out();
}

void Pmi1Sockets::drain(int rank) {
  if (sockets_.empty()) return;
  Socket& socket = socket_of(rank);
  while (socket.watch && read_piece(socket)) {
  }
}

void Pmi1Sockets::take(const model::Fence& fence) {
  if (server_) server_->take(fence);
  carry_out();
}

void Pmi1Sockets::take(const model::NameReply& reply) {
  if (server_) server_->take(reply);
  carry_out();
}

void Pmi1Sockets::carry_out() {
  if (!server_) return;
  for (auto& output : server_->take_outputs()) {
    std::visit(base::Overloaded{
                   [this](const pmi1::Reply& reply) { send(reply); },
                   [this](pmi1::ToHead& to_head) { events_.send(std::move(to_head.message)); },
                   [this](const pmi1::Connected& now) { events_.connected(now.rank); },
                   [this](const pmi1::Finalized& now) { events_.finalized(now.rank); },
                   [this](const pmi1::Aborted& now) { events_.aborted(now.rank, now.code); },
                   [this](pmi1::Refused& now) { events_.refused(now.rank, std::move(now.why)); },
               },
               output);
  }
}

/// One answer follows one question, so there is always room, unless the rank reads none.
void Pmi1Sockets::send(const pmi1::Reply& reply) {
  const auto n_bytes = ::send(socket_of(reply.rank).fd.get(), reply.line.data(), reply.line.size(),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n_bytes == static_cast<ssize_t>(reply.line.size())) return;
  // Whoever has closed the connection is gone, and judged by its end.
  if (n_bytes < 0 && errno != EAGAIN) return;
  events_.refused(reply.rank, "it sends commands of PMI-1 but does not read the answers");
}

}  // namespace exec
