using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>What ONNX Runtime gives: it runs the graph on numbers, nothing is inferred.</summary>
internal static class RuntimeShapes
{
    /// <summary>Each output of <paramref name="model"/>, fed with zeros of the inputs' shapes.</summary>
    public static IReadOnlyDictionary<string, TensorValue> Of(OnnxModel model, TensorShapes shapes)
    {
        // Sessions hand out floats, bytes and int64; others are cast to be seen.
        var builder = GraphBuilder.Over(model);
        var wanted = model.Outputs.Select(o => (o.Name, Seen: shapes[o.Name]?.ElementType is ElementType.Float or ElementType.UInt8 or ElementType.Int64
            ? o.Name : builder.Node("Cast", [o.Name], $"{o.Name}_seen", ("to", (int)ElementType.Int64)))).ToArray();
        builder.Graph.Output.Clear();
        foreach (var (_, seen) in wanted)
        {
            builder.Output(seen, seen.EndsWith("_seen", StringComparison.Ordinal) ? ElementType.Int64 : shapes[seen]!.ElementType);
        }

        using var session = OnnxSession.Open(builder.Build(), new SessionSettings { Provider = ExecutionProvider.Cpu, Threads = 1 });
        var run = session.Run(model.Inputs.ToDictionary(i => i.Name, i => TensorValue.Of(new float[shapes[i.Name]!.Count], [.. shapes[i.Name]!.Dimensions])));
        return wanted.ToDictionary(w => w.Name, w => run[w.Seen]);
    }

    /// <summary>Fails where an output has another shape in the runtime than was inferred.</summary>
    public static void Equal(OnnxModel model, TensorShapes shapes)
    {
        foreach (var (name, value) in Of(model, shapes))
        {
            var dimensions = value.Shape;
            Assert.True(dimensions.SequenceEqual(shapes[name]?.Dimensions ?? []),
                $"{name}: the runtime gives [{string.Join(',', dimensions)}], inferred {shapes[name]?.ToString() ?? shapes.Unknown[name]} in {model.Graph.Node}");
        }
    }
}
