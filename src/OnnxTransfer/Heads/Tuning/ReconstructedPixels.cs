using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>Images whose targets are themselves: pixels [H, W, 3] in, the same from 0 to 1 as [3, H, W] to be answered.</summary>
internal sealed class ReconstructedPixels(PixelRows images) : ITrainingRows
{
    public int Count => images.Count;

    public void Prepare(int epoch, ReadOnlySpan<int> rows) => images.Prepare(epoch, rows);

    public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights)
    {
        images.Fill(epoch, rows, inputs, [], weights);
        int size = targets.Length / rows.Length, places = size / 3;
        for (int row = 0; row < rows.Length; row++)
        {
            var pixels = inputs.Slice(row * size, size);
            var target = targets.Slice(row * size, size);
            for (int i = 0; i < size; i++)
            {
                target[(i % 3 * places) + (i / 3)] = pixels[i] / 255f;
            }
        }
    }
}
