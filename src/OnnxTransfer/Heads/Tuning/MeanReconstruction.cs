using OnnxTransfer.Training;

namespace OnnxTransfer.Heads.Tuning;

/// <summary>What an answer that never changes reaches, to hold reconstructions against.</summary>
internal static class MeanReconstruction
{
    // Enough to know a mean by.
    private const int MostRows = 4096;
    private const int Together = 64;

    /// <summary>The mean squared error of the mean of the first training rows' targets, on validation rows.</summary>
    public static double Loss(ITrainingRows train, ITrainingRows validation, int inputBytes, int width)
    {
        double[] mean = new double[width];
        int rows = Math.Min(train.Count, MostRows);
        Visit(train, rows, inputBytes, width, (target, i) => mean[i] += target);
        for (int i = 0; i < width; i++)
        {
            mean[i] /= rows;
        }

        double sum = 0;
        Visit(validation, validation.Count, inputBytes, width, (target, i) => sum += (target - mean[i]) * (target - mean[i]));
        return sum / ((double)validation.Count * width);
    }

    private static void Visit(ITrainingRows rows, int count, int inputBytes, int width, Action<float, int> each)
    {
        byte[] inputs = new byte[Together * inputBytes];
        float[] targets = new float[Together * width], weights = new float[Together];
        for (int first = 0; first < count; first += Together)
        {
            int together = Math.Min(Together, count - first);
            int[] batch = [.. Enumerable.Range(first, together)];
            rows.Fill(0, batch, inputs.AsSpan(0, together * inputBytes), targets.AsSpan(0, together * width), weights.AsSpan(0, together));
            for (int i = 0; i < together * width; i++)
            {
                each(targets[i], i % width);
            }
        }
    }
}
