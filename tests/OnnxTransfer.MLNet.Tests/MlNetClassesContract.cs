using OnnxTransfer.Embeddings;
using OnnxTransfer.Heads;
using OnnxTransfer.Tests.Heads;

namespace OnnxTransfer.MLNet.Tests;

public abstract class MlNetClassesContract : MlNetContract
{
    protected override double Chance => 1.0 / 3;

    internal override EmbeddingSet Learnable(int rows, int width, long seed = 1) => Planted.Classes(rows, width, 3, seed: seed);

    internal override double MeanWhereNothingTells(int heavy)
    {
        IHeadTrainer trainer = Trainer;
        var set = Planted.Classes(200, 3, 2, distance: 0) with { Weights = Heavy(heavy) };
        var head = trainer.Fit(set);
        return head.Predict(set.Rows).Values.Where((_, i) => i % 2 == 1).Average();
    }
}

public sealed class LbfgsContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "lbfgs", L2 = 1e-2 };
}

public sealed class SdcaContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "sdca", L2 = 1e-2, Iterations = 50 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class SdcaNonCalibratedContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "sdca-noncalibrated", L2 = 1e-2, Iterations = 50 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class AveragedPerceptronContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "averaged-perceptron" };

    protected override Weighing Weights => Weighing.Refused;
}

public sealed class LinearSvmContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "linear-svm", Iterations = 20 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class LbfgsOvaContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "lbfgs-ova", L2 = 1e-2 };
}

public sealed class SgdContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "sgd" };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class NaiveBayesContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "naive-bayes" };

    protected override Weighing Weights => Weighing.Refused;
}

public sealed class FastTreeContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "fasttree", Trees = 20 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class FastForestContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "fastforest", Trees = 20 };

    protected override Weighing Weights => Weighing.Rough;
}

public sealed class GamContract : MlNetClassesContract
{
    protected override MlNetTrainer Settings => new() { Name = "gam", Iterations = 200, LearningRate = 0.02 };

    protected override Weighing Weights => Weighing.Refused;

    public override void Exported_to_onnx_it_predicts_the_same(int opset) => GamValuesContract.SaysThatItCannotBeExported(Settings, Learnable(60, 3), opset);
}
