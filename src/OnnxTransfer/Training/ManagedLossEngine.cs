using System.Collections.Concurrent;
using System.Numerics;
using OnnxTransfer.Numerics;

namespace OnnxTransfer.Training;

/// <summary>
/// One pass over the rows by our own kernels, in float32 or float64: chunks of rows, each with its own sum of gradients
/// while those are small; where k x D is large, one sum for all, to which the cores add different parts. Float32 sums of a
/// thousand rows are added up in float64.
/// </summary>
internal sealed unsafe class ManagedLossEngine<T> : ILossEngine
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private const int MaxChunks = 64;
    private const long BytesForChunks = 64L << 20;
    private const int RowsPerSum = 1024;         // float32 sums are taken over into float64 before they grow coarse
    private const int PartOutputs = 32, PartColumns = 512;

    private readonly LossProblem _problem;
    private readonly LossModel<T> _model;
    private readonly ParallelOptions _options;
    private readonly int _blockRows;
    private readonly double[] _sum;              // k x D, then k: the gradient of all rows
    private readonly Chunk[] _chunks;            // empty where the sum is shared
    private readonly RowBlock<T>[] _blocks;      // the rows between two additions to the shared sum
    private readonly ConcurrentBag<RowBlock<T>> _freeBlocks = [];
    private readonly ConcurrentBag<AlignedArray<T>> _freeSums = [];

    public ManagedLossEngine(LossProblem problem)
    {
        _problem = problem;
        _model = new LossModel<T>(problem);
        _options = new ParallelOptions { MaxDegreeOfParallelism = problem.Threads };
        _blockRows = RowBlock<T>.Rows(_model);
        Size = checked(_model.Bias.Length * (_model.Width + 1));
        _sum = new double[Size];
        int wanted = Math.Clamp(problem.Rows.Count / (2 * _blockRows), 1, MaxChunks);
        bool isShared = wanted > 1 && 8L * Size * wanted > BytesForChunks;
        _chunks = isShared ? [] : [.. Enumerable.Range(0, wanted).Select(_ => new Chunk(Size))];
        _blocks = isShared ? [.. Enumerable.Range(0, Math.Max(1, RowsPerSum / _blockRows)).Select(_ => new RowBlock<T>(_model))] : [];
    }

    public int Size { get; }

    public string? ProviderNote { get; init; }

    public double L2 { get; set; }

    public double Evaluate(ReadOnlySpan<double> parameters, Span<double> gradient, CancellationToken cancellation)
    {
        double loss = Pass(parameters, withGradient: true, cancellation);
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] = _sum[i] / _problem.TotalWeight;
        }

        var inner = parameters[..(_model.Bias.Length * _model.Width)];
        DoubleProducts.AddScaled(L2, inner, gradient[..inner.Length]);
        return loss + (0.5 * L2 * DoubleProducts.Dot(inner, inner));
    }

    public double Loss(ReadOnlySpan<double> parameters, CancellationToken cancellation) => Pass(parameters, withGradient: false, cancellation);

    public void Dispose()
    {
    }

    private double Pass(ReadOnlySpan<double> parameters, bool withGradient, CancellationToken cancellation)
    {
        _options.CancellationToken = cancellation;
        _model.Set(parameters);
        double loss = _blocks.Length > 0 ? SharedPass(withGradient) : ChunkedPass(withGradient);
        GC.KeepAlive(_model);
        return loss / _problem.TotalWeight;
    }

    private double ChunkedPass(bool withGradient)
    {
        Parallel.For(0, _chunks.Length, _options, index =>
        {
            var block = _freeBlocks.TryTake(out var free) ? free : new RowBlock<T>(_model);
            var sum = _freeSums.TryTake(out var freeSum) ? freeSum : new AlignedArray<T>((long)_model.Outputs * _model.Stride);
            PassChunk(index, block, sum, withGradient);
            _freeBlocks.Add(block);
            _freeSums.Add(sum);
        });
        if (withGradient)
        {
            const int Part = 4096;
            Parallel.For(0, (Size + Part - 1) / Part, _options, part =>
            {
                int first = part * Part, count = Math.Min(Part, Size - first);
                var sum = _sum.AsSpan(first, count);
                sum.Clear();
                foreach (var chunk in _chunks)
                {
                    DoubleProducts.AddScaled(1, chunk.Gradient.AsSpan(first, count), sum);
                }
            });
        }

        return _chunks.Sum(chunk => chunk.Loss);
    }

    private void PassChunk(int index, RowBlock<T> block, AlignedArray<T> sum, bool withGradient)
    {
        var chunk = _chunks[index];
        int first = Chunks.Start(index, _chunks.Length, _problem.Rows.Count), end = Chunks.Start(index + 1, _chunks.Length, _problem.Rows.Count);
        Array.Clear(chunk.Gradient);
        chunk.Loss = 0;
        int summed = 0, outputs = _model.Bias.Length;
        for (int from = first; from < end; from += _blockRows)
        {
            int count = Math.Min(_blockRows, end - from);
            chunk.Loss += block.Losses(from, count, chunk.Gradient.AsSpan(outputs * _model.Width));
            if (!withGradient)
            {
                continue;
            }

            block.AddGradient(0, outputs, 0, _model.Columns, sum.Start, _model.Stride);
            summed += count;
            if (summed >= RowsPerSum || from + count == end)
            {
                TakeOver(sum.Start, _model.Stride, chunk.Gradient, 0, outputs, 0, _model.Width);
                summed = 0;
            }
        }

        GC.KeepAlive(sum);
    }

    private double SharedPass(bool withGradient)
    {
        Array.Clear(_sum);
        int outputs = _model.Bias.Length, weights = outputs * _model.Width;
        int rowsAtOnce = _blocks.Length * _blockRows;
        int across = (_model.Width + PartColumns - 1) / PartColumns, parts = across * ((outputs + PartOutputs - 1) / PartOutputs);
        var losses = new double[_blocks.Length];
        double[] biases = new double[_blocks.Length * outputs];
        double total = 0;
        for (int first = 0; first < _problem.Rows.Count; first += rowsAtOnce)
        {
            int rows = Math.Min(rowsAtOnce, _problem.Rows.Count - first), blocks = (rows + _blockRows - 1) / _blockRows;
            Array.Clear(biases);
            Parallel.For(0, blocks, _options, b => losses[b] = _blocks[b].Losses(
                first + (b * _blockRows), Math.Min(_blockRows, rows - (b * _blockRows)), biases.AsSpan(b * outputs, outputs)));
            for (int b = 0; b < blocks; b++)
            {
                total += losses[b];
                DoubleProducts.AddScaled(1, biases.AsSpan(b * outputs, outputs), _sum.AsSpan(weights));
            }

            if (withGradient)
            {
                Parallel.For(0, parts, _options, part => AddPart(blocks, part / across * PartOutputs, part % across * PartColumns));
            }
        }

        return total;
    }

    // The gradient of some outputs and columns from all blocks, first in float32, then to the sum.
    private void AddPart(int blocks, int output, int column)
    {
        int outputs = Math.Min(PartOutputs, _model.Bias.Length - output), columns = Math.Min(PartColumns, _model.Columns - column);
        var sum = _freeSums.TryTake(out var free) ? free : new AlignedArray<T>(PartOutputs * PartColumns);
        for (int b = 0; b < blocks; b++)
        {
            _blocks[b].AddGradient(output, outputs, column, columns, sum.Start, PartColumns);
        }

        TakeOver(sum.Start, PartColumns, _sum, output, outputs, column, Math.Min(columns, _model.Width - column));
        GC.KeepAlive(sum);
        _freeSums.Add(sum);
    }

    // Adds a table of sums to a k x D one in float64 and clears it.
    private void TakeOver(T* from, int stride, double[] into, int output, int outputs, int column, int columns)
    {
        for (int c = 0; c < outputs; c++)
        {
            var row = new Span<T>(from + ((long)c * stride), columns);
            var to = into.AsSpan(((output + c) * _model.Width) + column, columns);
            for (int j = 0; j < to.Length; j++)
            {
                to[j] += double.CreateTruncating(row[j]);
            }

            row.Clear();
        }
    }

    private sealed class Chunk(int size)
    {
        public double[] Gradient { get; } = new double[size];

        public double Loss { get; set; }
    }
}
