/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/core.h"

#include <string.h>

void core_config_init(core_config *config)
{
    const plato_limits limits = PLATO_LIMITS_DEFAULT;
    memset(config, 0, sizeof *config);
    config->limits = limits;
    config->max_login_len = 65536;
    config->max_connections = 1024;
    config->max_closing = 1024;
    config->max_devices = 65536;
    config->max_sessions = 65536;
    config->max_sessions_per_login = 256;
    config->max_memberships = 262144;
    config->dedup_window = 256;
    config->max_output = 4u << 20;
    config->max_input = 256u << 20;
    config->log_bytes = 64u << 20;
    config->log_messages = 1024;
    config->login_timeout_ms = 10000;
    config->frame_timeout_ms = 40000;
    config->idle_timeout_ms = 90000;
    config->linger_ms = 5000;
    config->state_ttl_ms = 600000;
    config->first_conn_id = 1;
    config->up_window = 64;
    config->push_window = 64;
    config->resend_first_ms = 1000;
    config->resend_most_ms = 30000;
    config->commit_messages = 256;
    config->commit_wait_ms = 2;
    config->lazy_commit_ms = 1000;
    config->max_uncommitted = 64u << 20;
}

const char *core_config_check(const core_config *config)
{
    const uint64_t longest =
        (uint64_t)PLATO_HEADER_LEN + config->limits.max_var_head_len + config->limits.max_msg_len;
    const struct {
        bool wrong;
        const char *text;
    } rules[] = {
        {config->max_connections == 0, "at least one connection must be allowed"},
        {config->max_devices == 0, "at least one device must be allowed"},
        {config->max_sessions == 0, "at least one session must be allowed"},
        {config->max_sessions_per_login == 0, "at least one session per login must be allowed"},
        {config->dedup_window < 64, "the repeat window must cover the 64 messages in flight"},
        {config->max_output < 1024, "the output limit must be 1,024 bytes or more"},
        {config->max_input < longest,
         "the input limit must be no less than a frame of the largest size"},
        {config->login_timeout_ms == 0, "the first-frame timeout must not be 0"},
        {config->frame_timeout_ms == 0, "the frame timeout must not be 0"},
        {config->idle_timeout_ms == 0, "the idle timeout must not be 0"},
        {config->up_window == 0, "the window of UPs must not be 0"},
        {config->up_window > config->dedup_window,
         "the window of UPs must not be larger than the repeat window"},
        {config->push_window == 0, "the window of PUSHes must not be 0"},
        {config->resend_first_ms == 0, "the time until a PUSH is sent again must not be 0"},
        {config->resend_most_ms < config->resend_first_ms,
         "the longest time until a PUSH is sent again must not be less than the first"},
        {config->commit_messages == 0, "a batch must have room for a message"},
        {config->first_conn_id == 0, "the first conn_id must not be 0"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].wrong)
            return rules[i].text;
    }
    return NULL;
}
