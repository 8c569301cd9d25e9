using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

public abstract class MlNetValuesContract : MlNetContract
{
    protected override double Chance => 0;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Values(rows, width, seed: seed);

    internal override double MeanWhereNothingTells(int heavy)
    {
        IHeadTrainer trainer = Trainer;
        var set = Planted.Values(200, 3) with { Targets = [.. Enumerable.Range(0, 200).Select(i => i % 2.0)], Weights = Heavy(heavy) };
        return trainer.Fit(set).Predict(set.Rows).Values.Average();
    }
}

public sealed class SdcaValuesContract : MlNetValuesContract
{
    protected override MlNetTrainer Settings => new() { Name = "sdca", L2 = 1e-4, Iterations = 100 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class OgdContract : MlNetValuesContract
{
    protected override MlNetTrainer Settings => new() { Name = "ogd", Iterations = 20 };

    protected override Weighing Weights => Weighing.Refused;
}

public sealed class PoissonContract : MlNetValuesContract
{
    protected override MlNetTrainer Settings => new() { Name = "lbfgs-poisson", L2 = 1e-3 };

    // The exponential of a linear function: what its link is made for.
    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Counts(base.Learnable(rows, width, seed: seed));

    internal static EmbeddingSet Counts(EmbeddingSet set) =>
        set with { Targets = Array.ConvertAll(set.Targets, target => Math.Exp(0.2 * target)) };
}

public sealed class FastTreeValuesContract : MlNetValuesContract
{
    protected override MlNetTrainer Settings => new() { Name = "fasttree", Trees = 50 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class TweedieContract : MlNetValuesContract
{
    protected override MlNetTrainer Settings => new() { Name = "fasttree-tweedie", Trees = 50 };

    protected override Weighing Weights => Weighing.Rough;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => PoissonContract.Counts(base.Learnable(rows, width, seed: seed));
}

public sealed class FastForestValuesContract : MlNetValuesContract
{
    protected override MlNetTrainer Settings => new() { Name = "fastforest", Trees = 50 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class GamValuesContract : MlNetValuesContract
{
    protected override MlNetTrainer Settings => new() { Name = "gam", Iterations = 200, LearningRate = 0.02 };

    protected override Weighing Weights => Weighing.Refused;

    public override void Exported_to_onnx_it_predicts_the_same(int opset) => SaysThatItCannotBeExported(Settings, Learnable(60, 3), opset);

    internal static void SaysThatItCannotBeExported(MlNetTrainer trainer, EmbeddingSet set, int opset)
    {
        string? before = trainer.WhyNotExported;
        Assert.Equal("ML.NET cannot write additive models (gam) as ONNX", before);
        var head = trainer.FitAndReport(set).Head;
        Assert.Equal($"this head cannot be written as ONNX: {before}", Assert.Throws<FitException>(() => head.ToOnnx(opset)).Message);
    }
}
