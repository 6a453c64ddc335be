#pragma once
// What the launchers of one step, and its `muster run`, say to the step's head: the launcher of
// rank 0's node.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/sum.h"
#include "lib/base/time.h"
#include "lib/model/ids.h"
#include "lib/model/job.h"
#include "lib/model/outcome.h"

namespace model {

/// First message of a launcher. The secret is the order's.
struct PeerHello {
  LaunchKey key;
  std::string secret;
  int node_index = 0;
  bool operator==(const PeerHello&) const = default;
};

/// First message of `muster run`; answered with output as it comes and at last with StepResult.
struct ClientHello {
  LaunchKey key;
  std::string secret;
  bool operator==(const ClientHello&) const = default;
};

/// First message of a connection that is to be passed on to a port of the head's node, where a
/// program of the job listens. Answered by PortReply; from then on each frame is bytes, and an
/// empty one the end of what its sender has to say.
struct PortHello {
  LaunchKey key;
  std::string secret;
  int port = 0;  // 1..65535
  bool operator==(const PortHello&) const = default;
};
struct PortReply {
  std::string why_not;  // empty: it is connected
  bool operator==(const PortReply&) const = default;
};

/// By which protocol ranks fence. Fences of different protocols never meet. By `address` the
/// launchers do so themselves, before they start ranks that have roles, or that write to files: the
/// data are lines, one for each rank in order, with the "host:port" at which it may listen; without
/// roles there are none.
enum class FenceProtocol { pmix, pmi1, address };

/// A node's part of a fence, to the head; the concatenated parts of all nodes, from the head.
/// `ranks` is the canonical list of participants (empty: all), `number` counts the fences of that
/// list and protocol from 0.
struct Fence {
  std::vector<int> ranks;
  std::uint32_t number = 0;
  std::string data;
  FenceProtocol protocol = FenceProtocol::pmix;
  bool operator==(const Fence&) const = default;
};

/// Direct modex: a request for a rank's data, passed on by the head to the rank's node.
struct ModexRequest {
  std::uint32_t request = 0;
  int from_node = 0;
  int rank = 0;
  bool operator==(const ModexRequest&) const = default;
};

struct ModexReply {
  std::uint32_t request = 0;
  int to_node = 0;
  int status = 0;  // of PMIx
  std::string data;
  bool operator==(const ModexReply&) const = default;
};

enum class NameAction { publish, unpublish, look_up };

/// A rank publishes the port of a service, takes it back, or looks it up: names are kept by the
/// head, for the step.
struct NameRequest {
  int rank = 0;
  NameAction action = NameAction::look_up;
  std::string service;
  std::string port;  // to publish
  bool operator==(const NameRequest&) const = default;
};

/// Not done: the name is taken, or not there.
struct NameReply {
  int rank = 0;
  bool is_done = false;
  std::string port;  // looked up
  bool operator==(const NameReply&) const = default;
};

enum class OutputStream { out, err };

/// Bytes that a rank wrote.
struct RankOutput {
  int rank = 0;
  OutputStream stream = OutputStream::out;
  std::string bytes;
  bool operator==(const RankOutput&) const = default;
};

/// Bytes for rank 0's standard input; empty is its end.
struct RankInput {
  std::string bytes;
  bool operator==(const RankInput&) const = default;
};

/// One line of the map, sent when the rank runs, or would: where it is and on which hardware
/// threads.
struct RankPlaced {
  int rank = 0;
  std::string node;
  std::string cpus;     // as CpuSet text; empty: not bound
  std::string gpus;     // by place in the node's topology
  std::string numa;     // memory domains of the hardware threads, by the operating system's number
  std::string unbound;  // why it is not bound
  std::string role;     // "ps 0"; empty: it has none
  std::string nic;      // network card nearest to it; empty: the node has none
  bool operator==(const RankPlaced&) const = default;
};

/// A node's ranks have all ended and their output is sent. Or something failed first: then with
/// ranks left.
struct NodeEnded {
  int node_index = 0;
  int exit_code = 0;
  std::optional<Failure> failure;
  bool goes_on = false;  // the other nodes do, whatever the failure
  bool operator==(const NodeEnded&) const = default;
};

/// Of a step with ranks that serve: the node has no rank left that the step waits for.
struct WorkDone {
  int node_index = 0;
  bool operator==(const WorkDone&) const = default;
};

/// From the head: no rank of the step is left that it waits for; end those that serve.
struct EndServers {
  bool operator==(const EndServers&) const = default;
};

/// Of a step with a --hang-timeout: since when no rank of the node has done anything.
struct NodeIdle {
  base::Duration idle{};
  base::Time since;  // by the node's clock, for people
  bool operator==(const NodeIdle&) const = default;
};

/// From the head: the step hangs. Save the stacks of your ranks, then end them for this.
struct StepHung {
  Failure why;
  bool operator==(const StepHung&) const = default;
};

/// A rank ended well, and without MPI_Init. From the head: one elsewhere did, so that whoever waits
/// for it in MPI_Init waits for ever.
struct RankAbsent {
  int rank = 0;
  std::string node;
  bool operator==(const RankAbsent&) const = default;
};

/// A rank that has not come to its PMIx or PMI-1 server.
struct LoneRank {
  int rank = 0;
  bool has_ended = false;
  std::string program;      // "process 812, sleep (/usr/bin/sleep)"
  std::string mpi_library;  // its path; empty: none is loaded
  std::string why_alone;    // why it will never come; empty: it may
  bool operator==(const LoneRank&) const = default;
};

/// How a node's ranks come up, a few seconds after their start and at their end.
struct NodeLook {
  int stage = 0;        // counts the looks from 0; all nodes look at the same times
  int n_connected = 0;  // ranks that came to their server
  int n_waiting = 0;    // of these, that have not finalized
  std::vector<LoneRank> lone;
  bool operator==(const NodeLook&) const = default;
};

/// To the client: lines for the user, on standard error.
struct StepNote {
  std::string text;
  bool operator==(const StepNote&) const = default;
};

/// From the head: end your ranks, the step has failed or was interrupted.
struct EndStep {
  Failure why;
  bool operator==(const EndStep&) const = default;
};

/// From the client: deliver a signal to all ranks.
struct StepSignal {
  int number = 0;
  bool operator==(const StepSignal&) const = default;
};

/// From the client: it leaves a step with a terminal, which goes on and waits for another client.
/// To the client: another has come, in its place.
struct Detach {
  bool operator==(const Detach&) const = default;
};

/// The last message to the client.
struct StepResult {
  int exit_code = 0;  // highest of all ranks
  std::optional<Failure> failure;
  bool operator==(const StepResult&) const = default;
};

using HeadMessageTypes =
    base::Alternatives<PeerHello, ClientHello, Fence, ModexRequest, ModexReply, NameRequest,
                       NameReply, RankOutput, RankInput, RankPlaced, NodeEnded, WorkDone,
                       EndServers, EndStep, StepSignal, StepResult, WindowSize, Detach, NodeIdle,
                       StepHung, RankAbsent, NodeLook, StepNote, PortHello, PortReply>;

using HeadMessage = base::Sum<HeadMessageTypes>;

}  // namespace model
