namespace OnnxTransfer.Onnx.Shapes;

/// <summary>The sliding window of convolutions and pools: how many places it has along each spatial dimension.</summary>
internal sealed class Window
{
    private readonly long[] _kernel;
    private readonly long[] _strides;
    private readonly long[] _dilations;
    private readonly long[] _pads;
    private readonly string _autoPad;
    private readonly bool _ceil;

    /// <summary>Reads strides, dilations, pads, auto_pad and ceil_mode.</summary>
    public Window(NodeShapes node, ReadOnlySpan<long> kernel)
    {
        _kernel = kernel.ToArray();
        Rank = kernel.Length;
        _strides = Read(node, "strides", Rank, absent: 1, least: 1);
        _dilations = Read(node, "dilations", Rank, absent: 1, least: 1);
        _pads = Read(node, "pads", 2 * Rank, absent: 0, least: 0);
        _autoPad = node.Proto.Text("auto_pad", "NOTSET");
        _ceil = node.Proto.Long("ceil_mode", 0) != 0;
        NodeShapes.Require(_kernel.All(k => k > 0), $"has the kernel [{string.Join(',', _kernel)}]; expected sizes of at least 1");
        NodeShapes.Require(_autoPad is "NOTSET" or "VALID" or "SAME_UPPER" or "SAME_LOWER",
            $"has the auto_pad '{ShortNames.Of(_autoPad)}'; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    }

    public int Rank { get; }

    /// <summary>A list attribute of a fixed length, such as strides.</summary>
    public static long[] Read(NodeShapes node, string name, int length, long absent, long least)
    {
        var values = node.Proto.Longs(name) is { Length: > 0 } given ? given : Enumerable.Repeat(absent, length).ToArray();
        NodeShapes.Require(values.Length == length && values.All(v => v >= least),
            $"has the {name} [{string.Join(',', values.Take(16))}]; expected {length} numbers of at least {least}");
        return values;
    }

    /// <summary>N, the channels given, and the places along each spatial dimension of <paramref name="input"/> [N, C, ...].</summary>
    public long[] Slide(KnownTensor input, long channels) =>
        [input.Dims[0], channels, .. Enumerable.Range(0, Rank).Select(i => Places(input.Dims[i + 2], i))];

    /// <summary>The transposed convolution's output, of which <paramref name="input"/> [N, C, ...] are the places.</summary>
    public long[] Spread(NodeShapes node, KnownTensor input, long channels)
    {
        var padding = Read(node, "output_padding", Rank, absent: 0, least: 0);
        var shape = node.Proto.Longs("output_shape");
        NodeShapes.Require(shape is null || shape.Length == Rank, $"has an output_shape of {shape?.Length} sizes; expected {Rank}");
        return [input.Dims[0], channels, .. shape ?? Enumerable.Range(0, Rank).Select(i => Extent(input.Dims[i + 2], i, padding[i]))];
    }

    private long Extent(long places, int i, long padding)
    {
        checked
        {
            var whole = (_strides[i] * (places - 1)) + padding + (_dilations[i] * (_kernel[i] - 1)) + 1;
            return _autoPad switch
            {
                // Where the kernel is smaller than the stride there is nothing to cut (as ONNX Runtime does; onnx says places * stride).
                "SAME_UPPER" or "SAME_LOWER" => Math.Min(whole, places * _strides[i]),
                "VALID" => whole,
                _ => whole - _pads[i] - _pads[i + Rank],
            };
        }
    }

    private long Places(long size, int i)
    {
        checked
        {
            var stride = _strides[i];
            if (_autoPad is "SAME_UPPER" or "SAME_LOWER")
            {
                return (size + stride - 1) / stride;
            }

            var (before, after) = _autoPad == "VALID" ? (0, 0) : (_pads[i], _pads[i + Rank]);
            var extent = (_dilations[i] * (_kernel[i] - 1)) + 1;
            var room = size + before + after - extent;
            NodeShapes.Require(room >= 0, $"slides a window of {extent} over {size + before + after} with its padding; expected a window that fits");
            var places = ((_ceil ? room + stride - 1 : room) / stride) + 1;

            // A last window that begins in the padding behind the end is no place (as in PyTorch and ONNX Runtime).
            return _ceil && (places - 1) * stride >= size + before ? places - 1 : places;
        }
    }
}
