//! The smallest useful plugin, in Zig: an order becomes one flat document. The same as ../woo-order-summary.

const std = @import("std");
const contract = @import("contract.zig");
const Decimal = @import("decimal.zig").Decimal;
const Reader = @import("reader.zig").Reader;
const Answer = contract.Answer;
const Text = contract.Text;

pub const panic = std.debug.FullPanic(contract.panicked);

/// The document's body; its fields are written in this order, amounts as text.
const Summary = struct {
    number: []const u8,
    status: []const u8,
    placed_at: ?[]const u8,
    customer: []const u8,
    email: []const u8,
    currency: []const u8,
    items: []const u8,
    skus: []const []const u8,
    discount: []const u8,
    shipping: []const u8,
    tax: []const u8,
    total: []const u8,
    paid: bool,
};

fn transform(arguments: *const contract.TransformArguments) !Answer {
    const arena = contract.arena;
    const key = arguments.context.resource_key.bytes();
    var reader: Reader = .{ .arena = arena };
    const order = reader.parse(arguments.input.payload.bytes()) catch |fault| {
        const message = try std.fmt.allocPrint(arena, "the payload is not JSON: {t}", .{fault});
        return Answer.rejected("", "payload_not_json", message);
    };
    if (try exception(&reader, order, key)) |early| return early;
    const summary = summarise(&reader, order, arguments.input.status.get()) catch |fault| switch (fault) {
        error.Malformed => return Answer.rejected(reader.pointer, "payload_malformed", reader.message),
        else => return fault,
    };
    const status = try reader.text("", order, "status");
    for ([_][]const u8{ "auto-draft", "checkout-draft", "draft", "new" }) |draft| {
        if (!std.mem.eql(u8, status, draft)) continue;
        const id = try reader.id("", order, "id");
        return Answer.skipped(try std.fmt.allocPrint(arena, "order {s} is only a draft ({s})", .{ id, status }));
    }
    return document(.upsert, key, try std.json.Stringify.valueAlloc(arena, summary, .{}));
}

fn document(operation: contract.Operation, key: []const u8, body: []const u8) Answer {
    return Answer.mapped(.{ .entity = .of("order_summary"), .key = .of(key), .operation = operation, .body = .of(body) });
}

/// The bodies that are no order: `{"id": 27}` of a deleted one, and the error object that the shop signs and
/// sends when the webhook's owner lost the right to read.
fn exception(reader: *Reader, order: std.json.Value, key: []const u8) !?Answer {
    if (order != .object) return Answer.rejected("", "payload_malformed", "this is no object");
    const id = reader.id("", order, "id") catch return null;
    if (id.len > 0) return if (order.object.count() == 1) document(.cancel, key, "{}") else null;
    const code = reader.text("", order, "code") catch return null;
    if (code.len == 0) return null;
    const message = reader.text("", order, "message") catch "";
    return Answer.rejected("/code", "source_error", try std.fmt.allocPrint(contract.arena,
        "the shop sent the error `{s}` ({s}) instead of the resource; check that the webhook's owner may still read it",
        .{ code, message }));
}

fn summarise(reader: *Reader, order: std.json.Value, status: ?[]const u8) !Summary {
    const arena = contract.arena;
    for ([_][]const u8{ "status", "currency", "total" }) |name| try reader.required(order, name);
    const billing = try reader.object(order, "billing");
    const lines = try reader.list(order, "line_items");
    const skus = try arena.alloc([]const u8, lines.len);
    var items: Decimal = .zero;
    for (lines, skus, 0..) |line, *sku, index| {
        const at = try std.fmt.allocPrint(arena, "/line_items/{d}", .{index});
        sku.* = try reader.text(at, line, "sku");
        items = try items.plus(try reader.decimal(at, line, "quantity"));
    }
    const created = try reader.text("", order, "date_created_gmt");
    return .{
        .number = try reader.text("", order, "number"),
        .status = status orelse try reader.text("", order, "status"),
        .placed_at = if (created.len == 0) null else try std.mem.concat(arena, u8, &.{ std.mem.trimEnd(u8, created, "Z"), "Z" }),
        .customer = try fullName(reader, billing),
        .email = try reader.text("/billing", billing, "email"),
        .currency = try reader.text("", order, "currency"),
        .items = try items.text(arena),
        .skus = skus,
        .discount = try (try reader.decimal("", order, "discount_total")).text(arena),
        .shipping = try (try reader.decimal("", order, "shipping_total")).text(arena),
        .tax = try (try reader.decimal("", order, "total_tax")).text(arena),
        .total = try (try reader.decimal("", order, "total")).text(arena),
        .paid = (try reader.text("", order, "date_paid_gmt")).len > 0,
    };
}

/// First and last name; the company where there is neither.
fn fullName(reader: *Reader, billing: std.json.Value) ![]const u8 {
    const first = std.mem.trim(u8, try reader.text("/billing", billing, "first_name"), " \t\r\n");
    const last = std.mem.trim(u8, try reader.text("/billing", billing, "last_name"), " \t\r\n");
    const name = std.mem.trim(u8, try std.mem.concat(contract.arena, u8, &.{ first, " ", last }), " ");
    if (name.len > 0) return name;
    return std.mem.trim(u8, try reader.text("/billing", billing, "company"), " \t\r\n");
}

// ---- exports: the names are the contract's ----

var answer: Answer = undefined;

/// All of it is known when it is compiled: nothing here may lie on a stack that is gone when the host reads it.
const manifest: contract.Manifest = .{
    .name = .of("woo-order-summary-zig"),
    .version = .of("1.0.0"),
    .summary = .of("WooCommerce orders become flat summaries"),
    .settings_schema = .of("{}"),
    .topics = .of(&.{ Text.of("order.created"), Text.of("order.updated"), Text.of("order.deleted") }),
    .entities = .of(&.{Text.of("order_summary")}),
};

export fn @"mapwright:plugin/field-mapping@1.0.0#transform"(arguments: *const contract.TransformArguments) *const Answer {
    answer = transform(arguments) catch |fault| @panic(@errorName(fault));
    return &answer;
}

export fn @"mapwright:plugin/manifest@1.0.0#describe"() *const contract.Manifest {
    return &manifest;
}
