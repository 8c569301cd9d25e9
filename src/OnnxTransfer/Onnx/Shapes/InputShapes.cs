namespace OnnxTransfer.Onnx.Shapes;

/// <summary>Which number each symbolic dimension stands for: the batch for first dimensions, else what is given.</summary>
internal sealed class InputShapes
{
    private readonly Dictionary<string, long> _symbols = new(StringComparer.Ordinal);
    private readonly IReadOnlyDictionary<string, IReadOnlyList<long>> _given;
    private readonly long _batch;

    public InputShapes(OnnxModel model, int batch, IReadOnlyDictionary<string, IReadOnlyList<long>>? given)
    {
        _batch = batch;
        _given = given ?? new Dictionary<string, IReadOnlyList<long>>();
        foreach (var (name, shape) in _given)
        {
            var input = model.Input(name);
            Require(Fits(input, shape), $"{model.Source}: input '{input}' cannot have the shape [{string.Join(',', shape)}]; "
                + "expected as many dimensions, none negative, and the fixed ones as they are");
            for (var i = 0; i < input.Symbols.Count; i++)
            {
                Learn(input.Symbols[i], shape[i]);
            }
        }

        foreach (var input in model.Inputs.Where(i => i.Symbols.Count > 0))
        {
            Learn(input.Symbols[0], batch);
        }
    }

    /// <summary>Concrete dimensions of an input; fails where a dimension other than the first is open.</summary>
    public long[] Of(TensorInfo input)
    {
        if (_given.TryGetValue(input.Name, out var shape))
        {
            return [.. shape];
        }

        return Concrete(input, isInput: true)
            ?? throw new ShapeException($"{(input.Dimensions is null ? "declares no shape" : "has dimensions that are known only when the graph runs")}; give its whole shape");
    }

    /// <summary>Dimensions that the file declares for a tensor, symbols replaced; null where one stays open.</summary>
    public long[]? Concrete(TensorInfo declared, bool isInput = false)
    {
        if (declared.Dimensions is null)
        {
            return null;
        }

        long[] dims = [.. declared.Dimensions];
        for (var i = 0; i < dims.Length; i++)
        {
            dims[i] = dims[i] >= 0 ? dims[i] : _symbols.TryGetValue(declared.Symbols[i], out var size) ? size : isInput && i == 0 ? _batch : -1;
        }

        return dims.All(d => d >= 0) ? dims : null;
    }

    private void Learn(string symbol, long size)
    {
        if (symbol.Length > 0)
        {
            _symbols.TryAdd(symbol, size);
        }
    }

    private static bool Fits(TensorInfo input, IReadOnlyList<long> shape) => shape.All(d => d >= 0)
        && (input.Dimensions is null || (input.Dimensions.Count == shape.Count && input.Dimensions.Zip(shape).All(d => d.First < 0 || d.First == d.Second)));

    private static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new OnnxException(message);
        }
    }
}
