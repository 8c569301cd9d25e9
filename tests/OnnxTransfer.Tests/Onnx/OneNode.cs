using Google.Protobuf;
using OnnxTransfer.Onnx;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx;

/// <summary>A graph of one node, of any operator, domain and attributes, right or wrong.</summary>
internal static class OneNode
{
    /// <summary>Inputs: dimensions are fed, <see cref="Longs"/> and <see cref="Weights"/> are constants, null is left out; outputs y0, y1, ...</summary>
    public static OnnxModel Of(int opset, string operation, object?[] inputs, int outputs = 1, params (string Name, object Value)[] attributes)
    {
        var builder = GraphBuilder.Empty(opset);
        var node = new NodeProto { OpType = operation, Name = "tested" };
        foreach (var (input, i) in inputs.Select((input, i) => (input, i)))
        {
            node.Input.Add(input switch
            {
                null => "",
                long[] dims => builder.Input($"x{i}", ElementType.Float, dims),
                Longs longs => builder.Longs($"x{i}", longs.Values, longs.Values.Length),
                Weights weights => builder.Floats($"x{i}", weights.Values ?? new float[weights.Dims.Aggregate(1L, (a, b) => a * b)], weights.Dims),
                _ => throw new ArgumentException(input.ToString()),
            });
        }

        node.Output.AddRange(Enumerable.Range(0, outputs).Select(i => $"y{i}"));
        node.Attribute.AddRange(attributes.Select(a => Attribute(a.Name, a.Value)));
        builder.Graph.Node.Add(node);
        foreach (var output in node.Output)
        {
            builder.Output(output);
        }

        return builder.Build();
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case string text:
                (attribute.Type, attribute.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text));
                break;
            case int number:
                (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, number);
                break;
            case long[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(numbers);
                break;
            case float[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Floats;
                attribute.Floats.AddRange(numbers);
                break;
            default:
                throw new ArgumentException($"{name}: {value}");
        }

        return attribute;
    }

    public sealed record Longs(params long[] Values);

    /// <summary>A float constant; zeros where no values are given.</summary>
    public sealed record Weights(long[] Dims, float[]? Values = null);
}
