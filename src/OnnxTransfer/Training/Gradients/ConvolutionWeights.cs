namespace OnnxTransfer.Training.Gradients;

/// <summary>
/// The gradient of a convolution's weights: for every place of the kernel, the product of the outputs' gradients with the
/// values that the kernel's place met, over all rows and places at once.
/// </summary>
internal sealed class ConvolutionWeights
{
    private readonly GradientNode _node;
    private readonly SlidingWindow _window;
    private readonly long _batch;
    private readonly long _groups;
    private readonly long _c;
    private readonly long _m;

    private ConvolutionWeights(GradientNode node, SlidingWindow window, long batch, long groups, long c, long m) =>
        (_node, _window, _batch, _groups, _c, _m) = (node, window, batch, groups, c, m);

    private long[] Spatial => [.. Enumerable.Range(0, _window.Rank).Select(i => (long)i + 2)];

    private long Places => _window.Places.Aggregate(1L, (a, b) => a * b);

    /// <summary>Adds the gradient [M, C / groups, kernel].</summary>
    /// <param name="node">The convolution.</param>
    /// <param name="values">What the window slides over, [N, C, size].</param>
    /// <param name="gradient">The gradient at its places, [N, M, places].</param>
    /// <param name="channels">C.</param>
    /// <param name="outputs">M.</param>
    /// <param name="groups">Parts of the channels, each convolved for itself.</param>
    /// <param name="window">Kernel, size and places.</param>
    public static string Gradient(GradientNode node, string values, string gradient, long channels, long outputs, long groups, SlidingWindow window)
    {
        var weights = new ConvolutionWeights(node, window, node.Type(node.Input(0)).Dimensions[0], groups, channels / groups, outputs / groups);
        string[] products = groups > 1 ? weights.OfGroups(values, gradient) : weights.OfOne(values, gradient);

        // [kernel, (G,) m, c] to [M, c, kernel], as a matrix: without the Flatten, which does nothing, ONNX Runtime would move the values of
        // all dimensions one by one, which takes five times as long.
        string stacked = products.Length == 1 ? products[0] : node.Add("Flatten", [node.Add(
            "Transpose",
            [weights.Reshaped(node.Add("Concat", products, ("axis", 0)), products.Length, outputs * weights._c)],
            ("perm", new long[] { 1, 0 }))]);
        return weights.Reshaped(stacked, [outputs, weights._c, .. window.Kernel]);
    }

    // Channels last: what a place of the kernel meets are whole rows of channels, copied in long stretches. [m, N x places] by [N x places, c].
    private string[] OfOne(string values, string gradient)
    {
        string last = Padded(_node.Add("Transpose", [values], ("perm", (long[])[0, .. Spatial, 1])), first: 1);
        string left = Reshaped(_node.Add("Transpose", [gradient], ("perm", (long[])[1, 0, .. Spatial])), _m, _batch * Places);
        string shape = _node.List(_batch * Places, _c);
        return [.. Met(last, first: 1).Select(met => _node.Add("Gemm", [left, _node.Add("Reshape", [met, shape])]))];
    }

    // [G, m, N x places] by [G, N x places, c].
    private string[] OfGroups(string values, string gradient)
    {
        long[] behind = [.. Spatial.Select(axis => axis + 1)];
        string parts = Reshaped(values, [_batch, _groups, _c, .. _window.Size]), outputs = Reshaped(gradient, [_batch, _groups, _m, .. _window.Places]);
        string last = Padded(_node.Add("Transpose", [parts], ("perm", (long[])[1, 0, .. behind, 2])), first: 2);
        string left = Reshaped(_node.Add("Transpose", [outputs], ("perm", (long[])[1, 2, 0, .. behind])), _groups, _m, _batch * Places);
        string shape = _node.List(_groups, _batch * Places, _c);
        return [.. Met(last, first: 2).Select(met => _node.Add("MatMul", [left, _node.Add("Reshape", [met, shape])]))];
    }

    // Zeros around the spatial dimensions, the first of which is `first`.
    private string Padded(string tensor, int first)
    {
        long[] front = new long[first];
        return _window.Begin.Concat(_window.End).All(pad => pad == 0)
            ? tensor
            : _node.Pad(tensor, [.. front, .. _window.Begin, 0, .. front, .. _window.End, 0]);
    }

    // What each place of the kernel meets, in the order of the kernel's elements.
    private IEnumerable<string> Met(string padded, int first)
    {
        if (_window.IsPoint)
        {
            return [padded];
        }

        string axes = _node.List([.. Spatial.Select(axis => axis - 2 + first)]), steps = _node.List(_window.Strides);
        return Offsets().Select(offset => _node.Add(
            "Slice", [padded, _node.List(offset), _node.List([.. offset.Select((o, i) => o + (_window.Strides[i] * (_window.Places[i] - 1)) + 1)]), axes, steps]));
    }

    private IEnumerable<long[]> Offsets()
    {
        IEnumerable<long[]> offsets = [[]];
        for (int i = 0; i < _window.Rank; i++)
        {
            int dimension = i;
            offsets = offsets.SelectMany(o => Enumerable.Range(0, (int)_window.Kernel[dimension]), (o, k) => (long[])[.. o, k * _window.Dilations[dimension]]);
        }

        return offsets;
    }

    private string Reshaped(string tensor, params long[] shape) => _node.Add("Reshape", [tensor, _node.List(shape)]);
}
