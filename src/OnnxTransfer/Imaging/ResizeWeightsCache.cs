namespace OnnxTransfer.Imaging;

/// <summary>
/// The weights used last, a few for each side; one of these per thread. Tables are refilled in place, so nothing is
/// allocated once the largest sizes have been seen.
/// </summary>
internal sealed class ResizeWeightsCache
{
    private const int Kept = 8;

    [ThreadStatic]
    private static ResizeWeightsCache? _columns;

    [ThreadStatic]
    private static ResizeWeightsCache? _rows;

    private readonly (Key Key, ResizeWeights Weights)[] _entries = new (Key, ResizeWeights)[Kept];
    private int _next;

    /// <summary>For the horizontal pass. Apart from <see cref="Rows"/>, so that neither overwrites what the other holds.</summary>
    public static ResizeWeightsCache Columns => _columns ??= new();

    /// <summary>For the vertical pass.</summary>
    public static ResizeWeightsCache Rows => _rows ??= new();

    /// <summary>Weights of output pixels start to start + count; valid until the next call on this cache.</summary>
    public ResizeWeights Get(int inputSize, int outputSize, Interpolation filter, int start, int count)
    {
        var key = new Key(inputSize, outputSize, filter, start, count);
        foreach (var (known, weights) in _entries)
        {
            if (known == key)
            {
                return weights;
            }
        }

        ref var entry = ref _entries[_next];
        _next = (_next + 1) % Kept;
        entry.Key = default;
        entry.Weights ??= new ResizeWeights();
        entry.Weights.Fill(inputSize, outputSize, filter, start, count);
        entry.Key = key;
        return entry.Weights;
    }

    private readonly record struct Key(int InputSize, int OutputSize, Interpolation Filter, int Start, int Count);
}
