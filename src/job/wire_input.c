#include "job/wire_input.h"

void wire_input_from(const Taskfit__V1__Input *m, struct arena *arena, struct job *job) {
    job->input = from_bytes(m->has_json, m->json);
    job->attachment_count = (uint32_t)m->n_attachments;
    job->attachments = arena_alloc(arena, m->n_attachments * sizeof(*job->attachments));
    for (size_t i = 0; i < m->n_attachments; i++) {
        const Taskfit__V1__Attachment *a = m->attachments[i];
        job->attachments[i] = (struct attachment){
            .media_type = slice_of(a->media_type),
            .name = slice_of(a->name),
            .content = from_bytes(a->has_content, a->content),
            .uri = slice_of(a->uri),
        };
    }
}

Taskfit__V1__Input *wire_input_to(const struct job *job, struct arena *arena) {
    Taskfit__V1__Input *m = arena_alloc(arena, sizeof(*m));
    Taskfit__V1__Attachment **pointers =
        arena_alloc(arena, job->attachment_count * sizeof(*pointers));
    taskfit__v1__input__init(m);
    m->has_json = true;
    m->json = to_bytes(job->input);
    m->n_attachments = job->attachment_count;
    m->attachments = pointers;
    for (uint32_t i = 0; i < job->attachment_count; i++) {
        const struct attachment *from = &job->attachments[i];
        Taskfit__V1__Attachment *a = arena_alloc(arena, sizeof(*a));
        taskfit__v1__attachment__init(a);
        a->media_type = to_text(from->media_type, arena);
        a->name = to_text(from->name, arena);
        a->uri = to_text(from->uri, arena);
        a->has_content = from->uri.at == NULL;
        a->content = to_bytes(from->content);
        pointers[i] = a;
    }
    return m;
}
