using System.Runtime.InteropServices;
using OnnxTransfer.Inference;
using OnnxTransfer.Onnx;
using OnnxTransfer.Training;
using OnnxTransfer.Training.Losses;

namespace OnnxTransfer.Tests.Training;

public sealed class NetworkFitTests
{
    private static readonly TrainingSettings Quick = new() { Epochs = 4, BatchSize = 8, LearningRate = 0.01, Threads = 1 };
    private static readonly SoftmaxCrossEntropy Loss = new();

    [Fact]
    public void The_loss_falls_and_the_best_weights_are_kept()
    {
        var told = new List<TrainingProgress>();
        var settings = Quick with { Epochs = 30, Patience = 8 };
        var trained = NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(100), SmallNetwork.Rows(40, seed: 2), settings, told.Add);
        Assert.True(trained.Epochs[^1].Loss < 0.6 * trained.Epochs[0].Loss);
        Assert.Equal(trained.Epochs.Min(epoch => epoch.Validation), trained.Epochs[trained.Best].Validation);
        Assert.Equal(13 * trained.Epochs.Count, told.Count);
        Assert.Equal(new TrainingProgress(0, 30, 8, 100, told[0].Loss, double.NaN), told[0]);
        Assert.Equal(100, told[12].Rows);
        Assert.Equal(trained.Epochs[0].Loss, told[12].Loss);
        Assert.Equal(trained.Epochs[0].Validation, told[13].Validation);

        // The result, scored by a training of no consequence, has the best validation loss.
        var again = NetworkFit.Run(
            SmallNetwork.Build() with { Model = trained.Model }, Loss, SmallNetwork.Rows(100), SmallNetwork.Rows(40, seed: 2), Quick with { Epochs = 1, LearningRate = 1e-12 });
        Assert.Equal(trained.Epochs[trained.Best].Validation, again.Epochs[0].Validation, 1e-6);
    }

    [Fact]
    public void Twice_the_same_is_the_same_to_the_bit()
    {
        Assert.Equal(Weights(Run(Quick)), Weights(Run(Quick)));
        Assert.NotEqual(Weights(Run(Quick)), Weights(Run(Quick with { Seed = 1 })));

        static TrainedNetwork Run(TrainingSettings settings) => NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(30), null, settings);
    }

    [Fact]
    public void Everything_runs_on_the_device_asked_for()
    {
        Assert.Equal((3, ExecutionProvider.Cuda), (Quick with { Device = 3, Provider = ExecutionProvider.Cuda }).Session is var session ? (session.Device, session.Provider) : default);
        var error = Assert.Throws<TrainingException>(() => NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(30), null, Quick with { Device = -1 }));
        Assert.Contains("Device = -1, Patience = ; expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_epoch_goes_through_all_rows_in_an_order_of_its_own()
    {
        var rows = SmallNetwork.Rows(30);
        var asked = new Dictionary<int, List<int>>();
        rows.Asked = (epoch, chosen) => (asked.TryGetValue(epoch, out var so) ? so : asked[epoch] = []).AddRange(chosen);
        NetworkFit.Run(SmallNetwork.Build(), Loss, rows, null, Quick with { Epochs = 3 });
        Assert.All(asked.Values, chosen => Assert.Equal(Enumerable.Range(0, 30), chosen.Take(30).Order()));
        Assert.NotEqual(asked[0], asked[1]);
        Assert.NotEqual(asked[1], asked[2]);

        // What fills the last batch up is rows of it.
        Assert.Equal([.. asked[0].Skip(24).Take(6), .. asked[0].Skip(24).Take(2)], asked[0].Skip(24));
    }

    [Fact]
    public void Parts_of_a_batch_take_the_steps_of_the_whole()
    {
        // 30 rows: the last step has 6, which are dealt to parts of 4 and 2.
        var whole = Run(0);
        Assert.All(new[] { 1, 3, 4, 7 }, part => Assert.All(Floats(whole).Zip(Floats(Run(part))), pair => Assert.Equal(pair.First, pair.Second, 1e-5)));

        static TrainedNetwork Run(int part) =>
            NetworkFit.Run(SmallNetwork.Build(0.1, 0.5), Loss, SmallNetwork.Rows(30), null, Quick with { MicroBatch = part, ClipNorm = 0.5 });

        static float[] Floats(TrainedNetwork trained) => MemoryMarshal.Cast<byte, float>(Weights(trained)).ToArray();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Rows_are_told_before_they_are_asked_for(int microBatch)
    {
        var rows = new Told(SmallNetwork.Rows(30));
        NetworkFit.Run(SmallNetwork.Build(), Loss, rows, rows, Quick with { Epochs = 2, MicroBatch = microBatch });
        Assert.Empty(rows.Wrong);
        Assert.True(rows.Right > 10, $"{rows.Right}");
    }

    [Fact]
    public void Notes_tell_of_patience_and_of_the_last_epoch()
    {
        var rows = SmallNetwork.Rows(30);
        Assert.Equal(["the last of 2 epochs was the best: more may be better"], NetworkFit.Run(SmallNetwork.Build(), Loss, rows, rows, Quick with { Epochs = 2 }).Notes);
        var stopped = NetworkFit.Run(
            SmallNetwork.Build(), Loss, rows, SmallNetwork.Rows(9, seed: 5, noise: 3), Quick with { Epochs = 200, Patience = 2, LearningRate = 0.05 });
        Assert.Equal(stopped.Best + 3, stopped.Epochs.Count);
        Assert.Equal(
            [$"stopped after epoch {stopped.Best + 3} of 200: the validation loss was at its best after epoch {stopped.Best + 1} (Patience = 2)"], stopped.Notes);
    }

    [Fact]
    public void The_weights_of_rows_count()
    {
        float[] x = [.. Enumerable.Range(0, 10 * SmallNetwork.Width).Select(i => (float)Math.Sin(i))];
        float[] targets = [.. Enumerable.Range(0, 10 * SmallNetwork.Classes).Select(i => i % 4 == 0 ? 1f : 0)];
        float[] weights = [2, 0, 1, 1, 0, 2, 1, 1, 1, 1];
        var trained = NetworkFit.Run(SmallNetwork.Build(), Loss, new ArrayRows(x, targets, 10, weights), null, Quick with { BatchSize = 10, Epochs = 1 });

        // Rows of weight 0 are worth nothing, whatever they hold; a row of weight 2 is worth two of weight 1.
        x.AsSpan(SmallNetwork.Width, SmallNetwork.Width).Fill(3);
        x.AsSpan(4 * SmallNetwork.Width, SmallNetwork.Width).Fill(-3);
        var other = NetworkFit.Run(SmallNetwork.Build(), Loss, new ArrayRows(x, targets, 10, weights), null, Quick with { BatchSize = 10, Epochs = 1 });
        Assert.Equal(trained.Epochs[0].Loss, other.Epochs[0].Loss, 1e-6);
        x.AsSpan(0, SmallNetwork.Width).CopyTo(x.AsSpan(SmallNetwork.Width));
        x.AsSpan(5 * SmallNetwork.Width, SmallNetwork.Width).CopyTo(x.AsSpan(4 * SmallNetwork.Width));
        targets.AsSpan(0, SmallNetwork.Classes).CopyTo(targets.AsSpan(SmallNetwork.Classes));
        targets.AsSpan(5 * SmallNetwork.Classes, SmallNetwork.Classes).CopyTo(targets.AsSpan(4 * SmallNetwork.Classes));
        var twice = NetworkFit.Run(SmallNetwork.Build(), Loss, new ArrayRows(x, targets, 10), null, Quick with { BatchSize = 10, Epochs = 1 });
        Assert.Equal(trained.Epochs[0].Loss, twice.Epochs[0].Loss, 1e-6);
    }

    [Fact]
    public void Pixels_are_read_as_bytes()
    {
        var builder = GraphBuilder.Empty();
        builder.Input("pixels", ElementType.UInt8, -1, 4);
        string real = builder.Node("Div", [builder.Node("Cast", ["pixels"], "real", ("to", 1)), builder.Floats("most", [255])], "parts");
        builder.NodeInto("outputs", "Gemm", [real, builder.Floats("w", new float[8], 2, 4), builder.Floats("b", [0, 0], 2)], ("transB", 1));
        builder.Output("outputs", ElementType.Float, -1, 2);
        var rows = new Pixels();
        var trained = NetworkFit.Run(new(builder.Build(), [new("w"), new("b")]), Loss, rows, rows, Quick with { Epochs = 40, LearningRate = 0.1 });
        Assert.True(trained.Epochs[^1].Validation < 0.1, $"{trained.Epochs[^1].Validation}");
        Assert.Equal(ElementType.UInt8, trained.Model.Inputs[0].ElementType);
    }

    [Fact]
    public void A_step_leaves_next_to_no_garbage()
    {
        var network = SmallNetwork.Build();
        foreach (int part in new[] { 0, 4 })
        {
            using var steps = new NetworkSteps(network, ForwardGraph.Of(network, Loss), SmallNetwork.Rows(80), Quick with { MicroBatch = part });
            steps.Begin(0);
            steps.Step(0, 0);
            steps.Step(0, 1);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                steps.Step(0, i % 10);
            }

            long perRun = (GC.GetAllocatedBytesForCurrentThread() - before) / (part == 0 ? 100 : 300);
            Assert.True(perRun < 4000, $"{perRun} bytes a run");
        }
    }

    [Fact]
    public void A_rate_that_diverges_ends_it_with_the_cure()
    {
        var error = Assert.Throws<DivergedException>(() => NetworkFit.Run(
            SmallNetwork.Build(), Loss, SmallNetwork.Rows(100), null, Quick with { LearningRate = 1000, Optimizer = new Sgd() }));
        Assert.Matches(
            @"^small network: the loss, [\d.]+ at first, is [-+\de.NaInfity]+ in epoch 1: the training diverges at LearningRate = 1e\+03; expected a loss that falls: "
            + "take a smaller LearningRate, for example 100, a schedule with WarmUp, or ClipNorm; no epoch went well before, so no weights are kept$", error.Message);
        Assert.False(error.HasKept);
    }

    [Fact]
    public void The_best_weights_before_a_divergence_are_kept()
    {
        var rows = new Turning(SmallNetwork.Rows(30));
        var error = Assert.Throws<DivergedException>(() => NetworkFit.Run(SmallNetwork.Build(), Loss, rows, null, Quick));
        Assert.Contains("in epoch 3", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("the weights of epoch 2 are kept", error.Message, StringComparison.Ordinal);
        var two = NetworkFit.Run(SmallNetwork.Build(), Loss, SmallNetwork.Rows(30), null, Quick with { Epochs = 2, Schedule = LearningRateSchedule.Cosine(4) });
        Assert.Equal(Weights(two), Weights(error.Kept!));
        Assert.Equal(2, error.Kept!.Epochs.Count);
    }

    [Fact]
    public void Settings_that_make_no_sense_are_refused()
    {
        TrainingSettings[] odd =
        [
            Quick with { Epochs = 0 }, Quick with { BatchSize = 0 }, Quick with { MicroBatch = -1 }, Quick with { LearningRate = double.NaN },
            Quick with { Patience = 0 }, Quick with { ClipNorm = 0 }, Quick with { LabelSmoothing = 1 }, Quick with { Optimizer = new Sgd { Momentum = 1 } },
            Quick with { Schedule = LearningRateSchedule.OneCycle() with { WarmUp = 1 } }, Quick with { Schedule = LearningRateSchedule.OneCycle(rise: 2) },
        ];
        Assert.All(odd, settings => Assert.Contains("expected", Refused(SmallNetwork.Build(), settings), StringComparison.Ordinal));
        var network = SmallNetwork.Build();
        Assert.Equal("small network: no weight is to be trained; expected at least one", Refused(network with { Weights = [] }, Quick));
        Assert.Equal("small network: the weight 'b1' is to be trained 2 times; expected each at most once", Refused(network with { Weights = [new("b1"), new("b1")] }, Quick));
        Assert.Equal("small network: the weight 'b1' has Rate = -1, Decay = 0; expected both of at least 0", Refused(network with { Weights = [new("b1", 0, -1)] }, Quick));
        Assert.Equal(
            "LabelSmoothing = 0.1 is set for SquaredLoss, whose targets are no classes; expected 0",
            Assert.Throws<TrainingException>(() => NetworkFit.Run(network, new SquaredLoss(), SmallNetwork.Rows(9), null, Quick with { LabelSmoothing = 0.1 })).Message);
        Assert.Equal(
            "small network: 9 rows to train on and 0 to validate by; expected at least one of each, or no validation rows at all (null)",
            Assert.Throws<TrainingException>(() => NetworkFit.Run(network, Loss, SmallNetwork.Rows(9), new ArrayRows([], [], 0), Quick)).Message);

        static string Refused(TrainableNetwork network, TrainingSettings settings) =>
            Assert.Throws<TrainingException>(() => NetworkFit.Run(network, Loss, SmallNetwork.Rows(9), null, settings)).Message;
    }

    [Theory]
    [InlineData(100, 32, 0, false, 32, 32, 100, 4, 1)]
    [InlineData(100, 32, 12, false, 32, 12, 100, 4, 3)]
    [InlineData(20, 32, 12, false, 20, 12, 20, 1, 2)]
    [InlineData(100, 32, 0, true, 32, 32, 96, 3, 1)]
    [InlineData(100, 32, 8, true, 32, 8, 96, 3, 4)]
    [InlineData(21, 32, 8, true, 16, 8, 16, 1, 2)]
    [InlineData(21, 32, 0, true, 21, 21, 21, 1, 1)]
    public void Rows_are_dealt_to_steps_and_parts(int count, int batch, int micro, bool whole, int step, int part, int learnt, int steps, int parts)
    {
        var dealt = StepRows.Of("network", count, Quick with { BatchSize = batch, MicroBatch = micro }, whole);
        Assert.Equal((new StepRows(step, part, learnt, whole ? batch : null), steps, parts), (dealt, dealt.Steps, dealt.Parts));
    }

    [Theory]
    [InlineData(100, 32, 12)]
    [InlineData(100, 32, 1)]
    [InlineData(1, 32, 0)]
    public void Batch_norms_in_training_take_whole_parts_of_several_rows(int count, int batch, int micro) => Assert.Contains(
        "a BatchSize that is a multiple of it",
        Assert.Throws<TrainingException>(() => StepRows.Of("network", count, Quick with { BatchSize = batch, MicroBatch = micro }, whole: true)).Message,
        StringComparison.Ordinal);

    internal static byte[] Weights(TrainedNetwork trained) => Weights(trained.Model);

    internal static byte[] Weights(OnnxModel model) => [.. model.Graph.Initializer.SelectMany(weight => weight.RawData.ToByteArray())];

    // Rows that are far away from the third epoch on.
    private sealed class Turning(ArrayRows rows) : ITrainingRows
    {
        public int Count => rows.Count;

        public void Fill(int epoch, ReadOnlySpan<int> chosen, Span<byte> inputs, Span<float> targets, Span<float> weights)
        {
            rows.Fill(epoch, chosen, inputs, targets, weights);
            if (epoch > 1)
            {
                MemoryMarshal.Cast<byte, float>(inputs).Fill(1e37f);
            }
        }
    }

    // Rows that compare what they were told to prepare with what they are asked for.
    private sealed class Told(ArrayRows rows) : ITrainingRows
    {
        private int[]? _told;

        public List<string> Wrong { get; } = [];

        public int Right { get; private set; }

        public int Count => rows.Count;

        public void Prepare(int epoch, ReadOnlySpan<int> chosen) => _told = [epoch, .. chosen];

        public void Fill(int epoch, ReadOnlySpan<int> chosen, Span<byte> inputs, Span<float> targets, Span<float> weights)
        {
            rows.Fill(epoch, chosen, inputs, targets, weights);
            if (_told is { } told && !told.AsSpan().SequenceEqual([epoch, .. chosen]))
            {
                Wrong.Add($"{string.Join(",", told)}: {epoch},{string.Join(",", chosen.ToArray())}");
            }

            Right += _told is null ? 0 : 1;
            _told = null;
        }
    }

    // Dark or light pixels.
    private sealed class Pixels : ITrainingRows
    {
        public int Count => 16;

        public void Fill(int epoch, ReadOnlySpan<int> rows, Span<byte> inputs, Span<float> targets, Span<float> weights)
        {
            targets.Clear();
            weights.Fill(1);
            for (int i = 0; i < rows.Length; i++)
            {
                inputs.Slice(4 * i, 4).Fill((byte)((rows[i] % 2 * 200) + rows[i]));
                targets[(2 * i) + (rows[i] % 2)] = 1;
            }
        }
    }
}
