using Google.Protobuf;
using OnnxTransfer.Onnx.Proto;

namespace OnnxTransfer.Tests.Onnx.Fuzz;

/// <summary>A damaged model, the same for the same number: bytes flipped, cut, spliced, or fields changed for other legal ones.</summary>
internal static class Variant
{
    private static readonly byte[] Telling = [0, 1, 0x7f, 0x80, 0xff];
    private static readonly long[] Sizes = [0, 1, -1, 2, 3, 7, 1000, 65536, int.MaxValue, 1L << 31, 1L << 40, long.MaxValue, long.MinValue];

    private static readonly string[] Operators =
    [
        "Conv", "Gemm", "MatMul", "Reshape", "Flatten", "MaxPool", "AveragePool", "GlobalAveragePool", "Concat", "Gather", "Slice", "Transpose", "Add",
        "Pad", "Resize", "Tile", "Expand", "ConstantOfShape", "Shape", "Squeeze", "Unsqueeze", "BatchNormalization", "Softmax", "Cast", "ConvTranspose",
        "DepthToSpace", "LRN", "ReduceMean", "Split", "OneHot", "Range", "Einsum", "If", "Loop", "NoSuchOperator", "",
    ];

    public static byte[] Of(int number)
    {
        var random = new Random(number);
        var models = FuzzModels.All;
        var bytes = models[random.Next(models.Count)];
        return random.Next(8) switch
        {
            0 => Each(bytes, random, (b, at) => b[at] ^= (byte)(1 << random.Next(8))),
            1 => Each(bytes, random, (b, at) => b[at] = random.Next(2) == 0 ? Telling[random.Next(Telling.Length)] : (byte)random.Next(256)),
            2 => bytes[..random.Next(bytes.Length)],
            3 => Splice(bytes, models[random.Next(models.Count)], random),
            4 => Range(bytes, random),
            _ => Fields(bytes, random),
        };
    }

    private static byte[] Each(byte[] original, Random random, Action<byte[], int> change)
    {
        var bytes = original.ToArray();
        for (var n = random.Next(1, 10); n > 0; n--)
        {
            change(bytes, Place(bytes, random));
        }

        return bytes;
    }

    /// <summary>Most bytes are weights: half of the places lie around a text, where the structure is.</summary>
    private static int Place(byte[] bytes, Random random)
    {
        var at = random.Next(bytes.Length);
        for (var i = at; random.Next(2) == 0 && i < Math.Min(bytes.Length - 4, at + 20_000); i++)
        {
            if (bytes.AsSpan(i, 4).IndexOfAnyExceptInRange((byte)'_', (byte)'z') < 0)
            {
                return Math.Max(0, i - random.Next(12));
            }
        }

        return at;
    }

    private static byte[] Splice(byte[] a, byte[] b, Random random) => [.. a[..Place(a, random)], .. b[Place(b, random)..]];

    /// <summary>Something is there twice, or no more.</summary>
    private static byte[] Range(byte[] bytes, Random random)
    {
        var from = Place(bytes, random);
        var to = Math.Min(bytes.Length, from + random.Next(1, 400));
        return random.Next(2) == 0 ? [.. bytes[..to], .. bytes[from..]] : [.. bytes[..from], .. bytes[to..]];
    }

    private static byte[] Fields(byte[] bytes, Random random)
    {
        var proto = ModelProto.Parser.ParseFrom(bytes);
        for (var n = random.Next(1, 4); n > 0; n--)
        {
            Change(proto, random);
        }

        return proto.ToByteArray();
    }

    private static void Change(ModelProto proto, Random random)
    {
        var graph = proto.Graph;
        if (graph.Node.Count == 0 || graph.Initializer.Count == 0 || graph.Input.Count == 0)
        {
            return;
        }

        var node = graph.Node[random.Next(graph.Node.Count)];
        var tensor = graph.Initializer[random.Next(graph.Initializer.Count)];
        var attribute = node.Attribute.Count > 0 ? node.Attribute[random.Next(node.Attribute.Count)] : new AttributeProto();
        var names = graph.Node.SelectMany(n => n.Output).Concat(graph.Initializer.Select(t => t.Name)).Concat(graph.Input.Select(i => i.Name)).Append("").Append("new").ToArray();
        var name = names[random.Next(names.Length)];
        switch (random.Next(24))
        {
            case 0 when tensor.Dims.Count > 0:
                tensor.Dims[random.Next(tensor.Dims.Count)] = Size(random);
                break;
            case 1:
                tensor.Dims.Insert(random.Next(tensor.Dims.Count + 1), Size(random));
                break;
            case 2:
                tensor.DataType = random.Next(-1, 30);
                break;
            case 3:
                tensor.RawData = ByteString.CopyFrom(new byte[random.Next(2) == 0 ? random.Next(64) : tensor.RawData.Length]);
                break;
            case 4:
                Scramble(tensor, random);
                break;
            case 5 or 6 when attribute.Ints.Count > 0:
                attribute.Ints[random.Next(attribute.Ints.Count)] = Size(random);
                break;
            case 7:
                attribute.Ints.Add(Size(random));
                break;
            case 8:
                attribute.I = Size(random);
                break;
            case 9:
                attribute.Name = random.Next(2) == 0 ? "axis" : "group";
                break;
            case 10:
                node.OpType = Operators[random.Next(Operators.Length)];
                break;
            case 11 when node.Input.Count > 0:
                node.Input[random.Next(node.Input.Count)] = name;
                break;
            case 12 when node.Output.Count > 0:
                node.Output[random.Next(node.Output.Count)] = name;
                break;
            case 13:
                node.Input.Add(name);
                break;
            case 14:
                graph.Node.Remove(node);
                graph.Node.Insert(random.Next(graph.Node.Count + 1), node);
                break;
            case 15:
                graph.Node.Insert(random.Next(graph.Node.Count + 1), node.Clone());
                break;
            case 16:
                proto.OpsetImport[0].Version = Math.Max(0, proto.OpsetImport[0].Version + random.Next(-8, 12));
                break;
            case 17 when graph.Input[0].Type?.TensorType?.Shape?.Dim is { Count: > 0 } dims:
                dims[random.Next(dims.Count)].DimValue = Size(random);
                break;
            case 18 when node.Input.Count > 0:
                node.Input.RemoveAt(random.Next(node.Input.Count));
                break;
            case 19 when node.Output.Count > 0:
                node.Output.RemoveAt(node.Output.Count - 1);
                break;
            case 20 when node.Attribute.Count > 0:
                node.Attribute.Remove(attribute);
                break;
            case 21:
                node.Output.Add(name);
                break;
            case 22:
                graph.ValueInfo.Add(new ValueInfoProto { Name = name, Type = random.Next(2) == 0 ? null : graph.Input[0].Type?.Clone() });
                break;
            case 23:
                graph.Output.Add(random.Next(2) == 0 ? new ValueInfoProto { Name = name } : graph.Output[0].Clone());
                break;
            default:
                graph.Node.Remove(node);
                break;
        }
    }

    /// <summary>Constants that are shapes, pads or indices, with other numbers; places of external data elsewhere.</summary>
    private static void Scramble(TensorProto tensor, Random random)
    {
        if (tensor.ExternalData.Count > 0)
        {
            tensor.ExternalData[random.Next(tensor.ExternalData.Count)].Value = random.Next(3) == 0 ? "../other" : $"{Size(random)}";
        }
        else if (tensor.RawData.Length >= sizeof(long))
        {
            var data = tensor.RawData.ToByteArray();
            BitConverter.TryWriteBytes(data.AsSpan(random.Next(data.Length / sizeof(long)) * sizeof(long)), Size(random));
            tensor.RawData = ByteString.CopyFrom(data);
        }
    }

    private static long Size(Random random) => random.Next(3) == 0 ? random.Next(-4, 300) : Sizes[random.Next(Sizes.Length)];
}
