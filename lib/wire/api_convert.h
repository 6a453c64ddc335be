#pragma once
// Conversions between the model and the generated messages of api.proto, for the .cpp files of
// this folder.

#include <expected>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/base/result.h"
#include "lib/model/record.h"
#include "lib/model/undying.h"
#include "lib/wire/api.pb.h"
#include "lib/wire/json.h"
#include "lib/wire/shared.h"
#include "lib/wire/strict.h"

namespace wire {

namespace api = ::muster::api;

void write(base::Time time, google::protobuf::Timestamp& out);
void write(base::Duration duration, google::protobuf::Duration& out);
void write(const model::Failure& failure, api::Failure& out);
void write(const model::Outcome& outcome, api::Outcome& out);
void write(const model::GpuUse& use, api::GpuUse& out);
void write(const model::Usage& usage, api::Usage& out);
void write(const model::Reason& reason, api::Reason& out);

/// Into a message that has both, such as a specification or a record of a job.
template <class Message>
void write_choice(const model::NodeChoice& choice, const model::Licenses& licenses, Message& out) {
  if (choice != model::NodeChoice()) write_choice(choice, *out.mutable_choice());
  for (const auto& [name, n] : licenses) (*out.mutable_licenses())[name] = u32(n);
}

template <class Map>
model::Licenses read_licenses(const Map& from, Strict& strict) {
  model::Licenses licenses;
  for (const auto& [name, n] : from) licenses.emplace(name, strict.count(n, "licenses", 1));
  return licenses;
}

/// Likewise.
template <class Message>
void write_preparation(const model::Preparation& preparation, Message& out) {
  if (!preparation.is_wanted()) return;
  out.set_prepare(preparation.command);
  wire::write(preparation.time_limit, *out.mutable_prepare_timeout());
  for (const auto& mount : preparation.mounts) out.add_mounts(to_text(mount));
  wire::write(preparation.mount_limit, *out.mutable_mount_timeout());
  out.set_job_tmp(preparation.has_job_tmp);
  out.set_shared_tmp(preparation.has_shared_tmp);
  out.set_epilog(preparation.epilog);
  wire::write(preparation.epilog_limit, *out.mutable_epilog_timeout());
  out.set_job_tmp_limit(preparation.job_tmp_limit.count());
  if (!preparation.has_image()) return;
  write_image(preparation.image, *out.mutable_image());
  wire::write(preparation.image.time_limit, *out.mutable_image()->mutable_timeout());
}

base::Duration read_duration(const google::protobuf::Duration& in, Strict& strict);

inline model::Image read_api_image(api::Image& in, Strict& strict) {
  auto image = read_image(in, strict);
  if (in.has_timeout()) image.time_limit = strict.part("timeout", in.timeout(), read_duration);
  return image;
}

template <class Message>
model::Preparation read_preparation(Message& in, Strict& strict) {
  model::Preparation preparation;
  preparation.command = take(in.mutable_prepare());
  if (in.has_prepare_timeout())
    preparation.time_limit = strict.part("prepare_timeout", in.prepare_timeout(), read_duration);
  preparation.mounts = read_mounts(in.mounts(), strict);
  if (in.has_mount_timeout())
    preparation.mount_limit = strict.part("mount_timeout", in.mount_timeout(), read_duration);
  preparation.has_job_tmp = in.job_tmp();
  preparation.has_shared_tmp = in.shared_tmp();
  preparation.epilog = take(in.mutable_epilog());
  if (in.has_epilog_timeout())
    preparation.epilog_limit = strict.part("epilog_timeout", in.epilog_timeout(), read_duration);
  preparation.job_tmp_limit = base::Bytes(in.job_tmp_limit());
  if (in.has_image()) preparation.image = strict.part("image", *in.mutable_image(), read_api_image);
  return preparation;
}

/// Refuses text that is no UTF-8, naming the field. errors: invalid
base::Result<void> check_text(std::string_view field, std::string_view text);

base::Time read_time(const google::protobuf::Timestamp& in, Strict& strict);
model::GpuUse read_gpu_use(api::GpuUse& in, Strict& strict);
model::Usage read_usage(api::Usage& in, Strict& strict);
void write(const model::Quota& quota, api::Reason& out);
model::Quota read_quota(api::Reason& in, Strict& strict);
std::vector<model::JobId> read_holders(const api::Reason& in, Strict& strict);
model::Reason read_reason(api::Reason& in, Strict& strict);

/// JSON text read as `Message` and converted by `read(message, strict)`; errors: `code`.
template <class Message, class Read>
auto from_json(std::string_view json, std::string_view what, base::Code code, Read read)
    -> base::Result<decltype(read(std::declval<Message&>(), std::declval<Strict&>()))> {
  Message in;
  if (auto parsed = parse_json(json, what, code, in); !parsed) {
    return std::unexpected(std::move(parsed).error());
  }
  Strict strict(code, what);
  return strict.give(read(in, strict));
}

void write(const model::Undying& undying, api::Undying& out);
void write(const model::FailingGpu& failing, api::FailingGpu& out);
model::LaunchKey read_launch(std::string_view text, Strict& strict);

}  // namespace wire
