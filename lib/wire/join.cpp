#include "lib/wire/join.h"

#include "lib/wire/join.pb.h"

namespace wire {

namespace pb = ::muster::wire;

std::string encode(const model::JoinRequest& request) {
  pb::JoinRequest out;
  out.set_name(request.name);
  out.set_secret(request.secret);
  out.set_request(request.request);
  return out.SerializeAsString();
}

std::string encode(const model::JoinReply& reply) {
  pb::JoinReply out;
  out.set_why(reply.why);
  out.set_certificate(reply.certificate);
  out.set_authority(reply.authority);
  out.set_pool(reply.pool);
  out.set_address(reply.address);
  return out.SerializeAsString();
}

std::string encode(const model::Caller& caller) {
  pb::Caller out;
  out.set_uid(caller.uid);
  out.set_is_agent(caller.is_agent);
  return out.SerializeAsString();
}

base::Result<model::Caller> decode_caller(std::string_view bytes) {
  pb::Caller in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::fail(base::Code::corrupt, "expected the numbers of the user who asks");
  }
  return model::Caller{.uid = in.uid(), .is_agent = in.is_agent()};
}

base::Result<model::JoinRequest> decode_join_request(std::string_view bytes) {
  pb::JoinRequest in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || in.name().empty() ||
      in.request().empty()) {
    return base::fail(base::Code::corrupt, "expected a request to join, with a name");
  }
  return model::JoinRequest{.name = in.name(), .secret = in.secret(), .request = in.request()};
}

base::Result<model::JoinReply> decode_join_reply(std::string_view bytes) {
  pb::JoinReply in;
  if (!in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      in.why().empty() == in.certificate().empty()) {
    return base::fail(base::Code::corrupt,
                      "expected the answer to a request to join: a certificate, or why not");
  }
  return model::JoinReply{.why = in.why(),
                          .certificate = in.certificate(),
                          .authority = in.authority(),
                          .pool = in.pool(),
                          .address = in.address()};
}

}  // namespace wire
