namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Bytes of the tensors that are alive at once: what an arena needs that frees a tensor after its last reader.</summary>
internal static class LiveMemory
{
    public static long Peak(OnnxModel model, TensorShapes shapes)
    {
        var nodes = model.Graph.Node;
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < nodes.Count; i++)
        {
            foreach (var name in Cut.Reads(nodes[i]))
            {
                last[name] = i;
            }
        }

        foreach (var output in model.Outputs)
        {
            last[output.Name] = nodes.Count;
        }

        // Alive now: what was computed or fed and is still to be read.
        var alive = new Dictionary<string, long>(StringComparer.Ordinal);
        var bytes = 0L;
        foreach (var input in model.Inputs)
        {
            bytes = Saturating.Add(bytes, Begin(alive, input.Name, shapes));
        }

        var peak = bytes;
        for (var i = 0; i < nodes.Count; i++)
        {
            // What a Constant gives is a weight.
            var computed = nodes[i].OpType == "Constant" ? [] : nodes[i].Output.Where(o => o.Length > 0).ToArray();
            foreach (var output in computed)
            {
                bytes = Saturating.Add(bytes, Begin(alive, output, shapes));
            }

            peak = Math.Max(peak, bytes);
            foreach (var name in Cut.Reads(nodes[i]).Concat(computed).Where(n => last.GetValueOrDefault(n, -1) <= i))
            {
                bytes = Math.Max(0, bytes - (alive.Remove(name, out var freed) ? freed : 0));
            }
        }

        return peak;
    }

    private static long Begin(Dictionary<string, long> alive, string name, TensorShapes shapes) =>
        shapes[name] is { } type && alive.TryAdd(name, Bytes(type)) ? alive[name] : 0;

    private static long Bytes(TensorType type) => Saturating.Multiply(type.Count, type.ElementType switch
    {
        ElementType.UInt8 or ElementType.Int8 or ElementType.Bool => 1,
        ElementType.UInt16 or ElementType.Int16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.Int64 or ElementType.UInt64 or ElementType.Double or ElementType.Complex64 => 8,
        ElementType.Complex128 => 16,
        _ => 4,
    });
}
