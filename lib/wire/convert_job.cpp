// What users submit: JobSpec and StepSpec.

#include "lib/wire/convert.h"
#include "lib/wire/shared.h"
#include "lib/wire/shared_step.h"

namespace wire {

namespace {

template <class Message>
void write_environment(const model::Environment& environment, Message& out) {
  out.mutable_environment()->Reserve(static_cast<int>(environment.size()));
  for (const auto& [name, value] : environment) {
    auto& variable = *out.add_environment();
    variable.set_name(name);
    variable.set_value(value);
  }
}

template <class Message>
model::Environment read_environment(Message& in, Strict& strict) {
  model::Environment environment;
  for (auto& variable : *in.mutable_environment()) {
    if (variable.name().empty()) strict.wrong("environment", "has a variable without a name");
    environment.emplace_hint(environment.end(), take(variable.mutable_name()),
                             take(variable.mutable_value()));
  }
  if (environment.size() != static_cast<std::size_t>(in.environment_size())) {
    strict.wrong("environment", "has a variable twice");
  }
  return environment;
}

template <class Message>
void write_arguments(const std::vector<std::string>& arguments, Message& out) {
  for (const auto& argument : arguments) out.add_arguments(argument);
}

template <class Message>
std::vector<std::string> read_arguments(Message& in) {
  std::vector<std::string> arguments;
  arguments.reserve(static_cast<std::size_t>(in.arguments_size()));
  for (auto& argument : *in.mutable_arguments()) arguments.push_back(std::move(argument));
  return arguments;
}

void write_save_signal(const model::SaveSignal& signal, pb::SaveSignal& out) {
  out.set_number(u32(signal.number));
  out.set_before_us(signal.before.count());
  out.set_script_only(signal.script_only);
}

model::SaveSignal read_save_signal(pb::SaveSignal& in, Strict& strict) {
  return {strict.count(strict.from_one(in.number(), "number"), "number"),
          strict.duration(in.before_us(), "before_us"), in.script_only()};
}

void write_preparation(const model::Preparation& preparation, pb::JobSpec& out) {
  if (!preparation.is_wanted()) return;
  out.set_prepare(preparation.command);
  out.set_prepare_timeout_us(preparation.time_limit.count());
  for (const auto& mount : preparation.mounts) out.add_mounts(to_text(mount));
  out.set_mount_timeout_us(preparation.mount_limit.count());
  out.set_job_tmp(preparation.has_job_tmp);
  out.set_shared_tmp(preparation.has_shared_tmp);
  out.set_epilog(preparation.epilog);
  out.set_epilog_timeout_us(preparation.epilog_limit.count());
  out.set_job_tmp_limit(preparation.job_tmp_limit.count());
  if (!preparation.has_image()) return;
  write_image(preparation.image, *out.mutable_image());
  out.mutable_image()->set_timeout_us(preparation.image.time_limit.count());
}

model::Image read_kept_image(pb::Image& in, Strict& strict) {
  auto image = read_image(in, strict);
  if (in.has_timeout_us()) image.time_limit = strict.duration(in.timeout_us(), "timeout_us");
  return image;
}

model::Preparation read_preparation(pb::JobSpec& in, Strict& strict) {
  model::Preparation preparation;
  preparation.command = take(in.mutable_prepare());
  if (in.has_prepare_timeout_us())
    preparation.time_limit = strict.duration(in.prepare_timeout_us(), "prepare_timeout_us");
  preparation.mounts = read_mounts(in.mounts(), strict);
  if (in.has_mount_timeout_us())
    preparation.mount_limit = strict.duration(in.mount_timeout_us(), "mount_timeout_us");
  preparation.has_job_tmp = in.job_tmp();
  preparation.has_shared_tmp = in.shared_tmp();
  preparation.epilog = take(in.mutable_epilog());
  if (in.has_epilog_timeout_us())
    preparation.epilog_limit = strict.duration(in.epilog_timeout_us(), "epilog_timeout_us");
  preparation.job_tmp_limit = base::Bytes(in.job_tmp_limit());
  if (in.has_image())
    preparation.image = strict.part("image", *in.mutable_image(), read_kept_image);
  return preparation;
}

}  // namespace

void write(const model::JobSpec& spec, pb::JobSpec& out) {
  out.set_name(spec.name);
  out.set_pool(spec.pool);
  out.set_comment(spec.comment);
  out.set_token(spec.token);
  write_shape(spec.shape, *out.mutable_shape());
  if (spec.time_limit) out.set_time_limit_us(spec.time_limit->count());
  out.set_priority(spec.priority);
  out.set_hold(spec.hold);
  out.set_workspace(spec.workspace);
  out.set_class_name(spec.class_name);
  out.set_no_requeue(!spec.requeue);
  out.set_restart(restart_text(spec.restart));
  out.set_hang_timeout(hang_text(spec.hang_timeout));
  if (spec.max_evictions) out.set_max_evictions(u32(*spec.max_evictions));
  if (spec.dialect != model::Dialect::native) out.set_dialect(std::string(to_text(spec.dialect)));
  out.set_append_output(spec.append_output);
  if (spec.grow_after) out.set_grow_after_us(spec.grow_after->count());
  if (spec.save_signal) write_save_signal(*spec.save_signal, *out.mutable_save_signal());
  out.set_script(spec.script);
  out.set_script_name(spec.script_name);
  write_arguments(spec.arguments, out);
  write_environment(spec.environment, out);
  out.set_work_dir(spec.work_dir);
  out.set_output(spec.output);
  out.set_error(spec.error);
  if (spec.begin) out.set_begin_us(base::to_us(*spec.begin));
  if (spec.deadline) out.set_deadline_us(base::to_us(*spec.deadline));
  out.set_dependency(to_text(spec.dependency));
  out.set_array(array_text(spec.array));
  if (spec.choice != model::NodeChoice()) write_choice(spec.choice, *out.mutable_choice());
  for (const auto& [name, n] : spec.licenses) {
    auto& license = *out.add_licenses();
    license.set_name(name);
    license.set_count(u32(n));
  }
  write_preparation(spec.preparation, out);
  write_roles(spec.roles, *out.mutable_roles());
}

model::JobSpec read_job_spec(pb::JobSpec& in, Strict& strict) {
  model::JobSpec spec;
  spec.name = take(in.mutable_name());
  spec.pool = take(in.mutable_pool());
  spec.comment = take(in.mutable_comment());
  spec.token = take(in.mutable_token());
  spec.shape =
      strict.required(in.has_shape(), "shape").read(*in.mutable_shape(), read_shape<pb::Shape>);
  if (in.has_time_limit_us()) {
    spec.time_limit = strict.duration(in.time_limit_us(), "time_limit_us");
  }
  spec.priority = in.priority();
  spec.hold = in.hold();
  spec.workspace = take(in.mutable_workspace());
  spec.class_name = take(in.mutable_class_name());
  spec.requeue = !in.no_requeue();
  spec.restart = read_restart(in.restart(), strict);
  spec.hang_timeout = read_hang(in.hang_timeout(), strict);
  spec.max_evictions = strict.count_if(in.max_evictions() > 0, in.max_evictions(), "max_evictions");
  spec.dialect = read_dialect(in.dialect(), strict);
  spec.append_output = in.append_output();
  if (in.has_grow_after_us())
    spec.grow_after = strict.duration(in.grow_after_us(), "grow_after_us");
  if (in.has_save_signal()) {
    spec.save_signal = strict.part("save_signal", *in.mutable_save_signal(), read_save_signal);
  }
  spec.script = take(in.mutable_script());
  spec.script_name = take(in.mutable_script_name());
  spec.arguments = read_arguments(in);
  spec.environment = read_environment(in, strict);
  spec.work_dir = take(in.mutable_work_dir());
  spec.output = take(in.mutable_output());
  spec.error = take(in.mutable_error());
  if (in.has_begin_us()) spec.begin = strict.time(in.begin_us(), "begin_us");
  if (in.has_deadline_us()) spec.deadline = strict.time(in.deadline_us(), "deadline_us");
  spec.dependency = read_dependency(in.dependency(), strict);
  spec.array = read_array(in.array(), strict);
  if (in.has_choice())
    spec.choice = strict.part("choice", *in.mutable_choice(), read_choice<pb::NodeChoice>);
  for (auto& license : *in.mutable_licenses()) {
    const int count = strict.count(license.count(), "licenses", 1);
    if (!spec.licenses.emplace(take(license.mutable_name()), count).second)
      strict.wrong("licenses", "has a license twice");
  }
  spec.preparation = read_preparation(in, strict);
  spec.roles = read_roles(in.roles(), strict);
  return spec;
}

void write(const model::StepSpec& spec, pb::StepSpec& out) {
  write_step_shape(spec, out);
  write_arguments(spec.arguments, out);
  write_environment(spec.environment, out);
}

model::StepSpec read_step_spec(pb::StepSpec& in, Strict& strict) {
  auto spec = read_step_shape(in, strict);
  spec.arguments = read_arguments(in);
  spec.environment = read_environment(in, strict);
  return spec;
}

}  // namespace wire
